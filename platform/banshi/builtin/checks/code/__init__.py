"""A plugin's own code: its sources, routes and their links, tables and migrations, and the problems that it tells."""
