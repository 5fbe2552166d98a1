"""A client's webhooks: made, shown, changed, tried out."""
