"""Cases: how they are handed in, shown and worked on."""
