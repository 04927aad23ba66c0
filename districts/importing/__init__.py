"""Reading a city's own files: the profile folder, and borders that come from elsewhere."""
