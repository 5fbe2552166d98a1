"""Files that outlive a power cut, hold secrets, or are answers; and what an upload is by its bytes."""
