"""Its import ends the process."""

import sys

sys.exit("no licence")
