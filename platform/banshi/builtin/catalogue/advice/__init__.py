"""What the search says beside the items: who does what no item serves, and pages of help, from plugins' advice.toml."""
