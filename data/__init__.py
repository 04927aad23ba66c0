"""City profiles and the seeded generator of demo data."""
