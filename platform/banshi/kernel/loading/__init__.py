"""From plugins.toml to a registry: settings, plugins, items, each held to the contract."""
