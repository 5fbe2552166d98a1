"""A local stand-in for JPush's REST API v3, with phones that receive, and receipts that it sends."""
