"""Asterisk's calls for the hotline: what ARI tells becomes signed calls of `POST /v1/hotline/events`.

A program of its own, beside the switch: `python -m hotline_asterisk --help`. It only listens, and makes no call.
"""
