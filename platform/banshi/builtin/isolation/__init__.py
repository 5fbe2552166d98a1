"""A plugin in a process of its own: the same handlers, killed where they hang or leak, and nothing of the platform's.

The kernel imports none of the plugin's code. Its catalogue is data and is read as any other's; its settings, hooks and
handlers are looked at by the child, which tells what it has found (`child`, `declaring`). For each of its handlers the
kernel has one of its own that asks the child (`standing_in`). `keeper` sees to it that there always is a child.
"""
