"""The audit's chain: an entry of a case that was changed, removed, made up or moved is found and named.

`marks.py` says what an entry's mark covers, `key.py` with what it is made, `chain.py` how the process that leads seals
what has been committed, `leaving.py` how personal content is blanked and entries go without breaking it, and
`verifying.py` reads all of it against the tables.
"""
