"""Channels that nobody here has written, as strangers write them: by the face of the conversations, or over HTTP."""
