"""What is kept: the records, each edition as it was published, who did what, and who wants to hear of it."""
