"""The catalogue for who looks around: by what happens in life, by what others ask for, and what is open now."""
