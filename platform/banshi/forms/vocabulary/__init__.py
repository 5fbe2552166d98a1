"""The words of a form beyond JSON Schema's: texts in several languages, choices with words, and what is told of them.

An author writes them into the schema. Inside, the schema is plain: `texts` takes the words out and keeps them beside it
as `x-texts` and `x-words`. What a reader gets is plain too, in one language: `served` puts the words back.
"""
