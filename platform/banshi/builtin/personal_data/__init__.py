"""What is kept of a person: shown to them, forgotten when asked, gone when its time is over."""
