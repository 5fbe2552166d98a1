"""The detention administration: visits to detainees, and what their families may bring."""
