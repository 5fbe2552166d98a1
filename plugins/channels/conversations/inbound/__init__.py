"""What a channel hands in: answered in its own time, or kept and answered afterwards, each contact in its order."""
