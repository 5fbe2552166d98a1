"""The tables of this channel."""
