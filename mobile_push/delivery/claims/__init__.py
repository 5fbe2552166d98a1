"""What a worker has claimed: chunks of a broadcast, rows of deliveries to persons."""
