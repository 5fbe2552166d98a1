"""From the log to the receivers, each in order and at least once."""
