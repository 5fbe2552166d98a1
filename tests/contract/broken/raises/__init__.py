"""Its import raises, over two lines; its items.toml is read all the same."""

raise RuntimeError("the register\n is away")
