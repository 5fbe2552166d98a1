"""Where the work runs that requests promised: today in this process; a distributed engine reads the same rows."""
