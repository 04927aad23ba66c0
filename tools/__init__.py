"""For those who work on the product: texts, benchmarks, pictures, icons."""
