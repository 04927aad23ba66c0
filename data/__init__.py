"""City profiles and the seeded generator of the demonstration city."""
