"""From a posting that is handed in to one that anybody may read."""
