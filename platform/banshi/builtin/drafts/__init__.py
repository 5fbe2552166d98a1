"""Drafts: answers that a citizen hasn't handed in yet, kept for all of their phones for a while."""
