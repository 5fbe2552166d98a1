"""`banshi demo`: a house to look at, and the story that is told in it."""
