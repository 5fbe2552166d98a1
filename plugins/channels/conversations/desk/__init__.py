"""The desk: people of a department who answer in conversations, by shifts, one at a time for each."""
