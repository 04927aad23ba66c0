"""OGC API - Features: what GIS programs read by themselves once they know one address."""
