"""Tips: appeals of people who don't say who they are, and come back with a code."""
