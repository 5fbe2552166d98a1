"""The kinds of item, one folder each, all built alike.

A kind is a plugin of the kernel's own: it hands over a `Kind` through the same hook that anybody's plugin may use.
Nothing below this folder knows one of them by name, so a sixth kind is a sixth folder and a line in
`banshi.default_plugins`, or a plugin.
"""
