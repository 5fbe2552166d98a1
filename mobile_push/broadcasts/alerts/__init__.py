"""Alerts: by staff and by signed senders, and those in force."""
