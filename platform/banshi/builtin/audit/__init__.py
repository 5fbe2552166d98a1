"""Who did and who read what, in a chain of seals."""
