"""What plugins may import beyond `banshi` itself, a noun a module."""
