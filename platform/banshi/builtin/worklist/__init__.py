"""The worklist: what waits for a member of staff, the most urgent first."""
