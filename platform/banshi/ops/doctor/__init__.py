"""What `banshi doctor` looks at around a deployment: the machine, the database, Redis, the identity provider.

`banshi check` is about what is written in plugins.toml and in the plugins; this is about what is really there.
"""
