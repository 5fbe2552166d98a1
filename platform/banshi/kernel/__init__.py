"""The kernel: what every item needs, whatever department it is of."""
