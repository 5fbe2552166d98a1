"""Columns with what is personal: encrypted in the database, plain everywhere else.

The keys lie in a file of their own, the ring (`ring.py`): whoever has the database without it reads nothing of people
but who is the same as who. What is sealed, and how it reads, is one field class each (`fields.py`); statements that are
written by hand go through `as_stored` and `as_read` there.
"""
