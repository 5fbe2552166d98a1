"""What operators and machines see: health, metrics, who is at work, the outbox."""
