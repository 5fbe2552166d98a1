"""Places and times that can be booked."""
