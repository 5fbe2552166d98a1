"""Bare pages for what a chat can't carry: an ID number of somebody else, and a tip without a name."""
