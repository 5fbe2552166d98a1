"""Whom a message is for, and when it may disturb."""
