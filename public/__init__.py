"""The residents' pages and the API that their scripts use: map, form, appeal, follow, news."""
