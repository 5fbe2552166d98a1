"""The gateway's side on this machine, for development and tests; it knows nothing of the channel."""
