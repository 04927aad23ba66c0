"""Developer tools: texts, benchmarks, screenshots, icons."""
