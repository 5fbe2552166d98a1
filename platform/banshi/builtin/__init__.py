"""The capabilities: each a room, and a plugin of `DEFAULT_PLUGINS`."""
