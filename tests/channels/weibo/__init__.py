"""Weibo's private messages: the adapter against the sandbox, published vectors and another's parser."""
