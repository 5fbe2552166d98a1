"""Materials: what a person has handed in once may serve again."""
