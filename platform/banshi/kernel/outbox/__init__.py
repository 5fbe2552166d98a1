"""Work that follows what was written: each row of it is done once, however often it is tried."""
