"""What is sent and answered, in the standard's formats."""
