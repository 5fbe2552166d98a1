"""A form asked: question by question wherever somebody writes, or all at once on a bare page.

Nothing here knows an item, a channel or a table. What is asked next is derived from form and answers each time.
"""
