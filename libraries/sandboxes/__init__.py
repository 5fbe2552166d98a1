"""A provider's side on this machine, for development and tests: one frame under the sandbox of each of them."""
