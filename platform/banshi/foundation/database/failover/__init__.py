"""A database that fails over: what its errors mean, where the server is that takes writes, what is told meanwhile.

`fates` says of each error what follows from it, `hosts` reads an address that names several servers, `connecting` finds
the one that takes writes, `readiness` answers whether there is one.
"""
