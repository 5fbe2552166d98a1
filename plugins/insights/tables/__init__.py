"""What is kept: counts without a person, and what the other rooms make of them."""
