"""What every API of the site says alike: problems, GeoJSON answers, the OpenAPI vocabulary."""
