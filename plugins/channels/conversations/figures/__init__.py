"""How conversations go, in numbers: nothing of anybody's, and no word."""
