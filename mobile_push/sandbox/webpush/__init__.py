"""A push server for development and tests, with phones that open what they get."""
