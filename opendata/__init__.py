"""What analysts and programs read: features, clusters, reference layers, the description of the API."""
