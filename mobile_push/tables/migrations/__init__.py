"""mobile_push's migrations."""
