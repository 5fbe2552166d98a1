"""What items and kinds declare: their fields, facts, owners and states."""
