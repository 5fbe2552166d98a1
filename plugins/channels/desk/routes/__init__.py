"""What officers and leads of a desk call."""
