"""The tables of mobile_push, and what other rooms have to know of their rows."""
