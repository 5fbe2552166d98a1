"""QQ's bots: the adapter against the sandbox, others' clients and published vectors."""
