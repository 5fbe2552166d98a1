"""Reads series, a JSON document a line, and writes what is to be said of each."""

import sys

from insights.night.child import main

sys.exit(main())
