"""What the city offers: the catalogue's routes, its search, and items that join while it runs."""
