"""A provider's own topics: one request reaches all who follow, and the platform tells the provider who does."""
