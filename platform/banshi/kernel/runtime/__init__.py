"""What the processes of a deployment tell each other, and who of them leads."""
