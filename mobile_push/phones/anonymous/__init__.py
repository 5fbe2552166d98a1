"""Phones on which nobody has signed in: alerts and notices, and nobody behind them."""
