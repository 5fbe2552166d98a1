"""What is known of a person and may be filled in for them: shown to them first, handed out at their word."""
