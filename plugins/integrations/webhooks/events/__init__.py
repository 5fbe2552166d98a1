"""The log of events, how one is written, and for whom it is."""
