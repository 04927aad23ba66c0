"""Appeals that were made elsewhere, or for a demonstration, with their whole history."""
