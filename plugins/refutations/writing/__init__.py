"""How a record is written: by one member of staff, published by another, and held back while it names a person."""
