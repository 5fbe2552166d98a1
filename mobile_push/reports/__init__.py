"""What staff and operators see: a report per broadcast, live progress, dead letters, and the figures of what is due."""
