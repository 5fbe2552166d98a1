"""How passes are written, signed and drawn."""
