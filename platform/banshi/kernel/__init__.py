"""The small kernel: what a plugin is held to, and what a case needs from its submission to its end."""
