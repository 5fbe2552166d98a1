"""Open figures: what may be public, week by week, without what is few and what would give that away."""
