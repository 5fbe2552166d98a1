"""`banshi` with nobody who works on the outbox: the writes of a submission alone, as its peer does them."""

from __future__ import annotations

import banshi.web.app
from banshi.cli import main

if __name__ == "__main__":
    banshi.web.app.AFTER_PLUGINS = ()
    main()
