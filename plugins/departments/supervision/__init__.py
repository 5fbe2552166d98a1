"""Police supervision: complaints about officers and counters."""
