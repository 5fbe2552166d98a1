"""How phones read: the inbox, its stream, the number of unread messages."""
