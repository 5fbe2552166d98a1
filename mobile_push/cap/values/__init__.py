"""The values that an alert is made of."""
