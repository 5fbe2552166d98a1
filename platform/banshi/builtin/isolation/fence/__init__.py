"""What a child may ask the system for and use up: files, system calls, memory, processor time, threads."""
