"""Whether somebody's own words speak of a danger that is there now, and of which: rules over words, all of it data."""
