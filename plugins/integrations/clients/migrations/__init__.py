"""The migrations of integrators' clients."""
