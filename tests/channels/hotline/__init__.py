"""The hotline, with a switch that signs by somebody else's library."""
