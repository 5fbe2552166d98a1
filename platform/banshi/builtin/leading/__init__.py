"""Who of a deployment's processes leads: what is done once at a time is done there."""
