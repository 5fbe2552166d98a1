"""What goes over the line between a server and a child: frames, values, and what a child says into the log."""
