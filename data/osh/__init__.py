"""The profile of Osh: its tables, its approximate map layers and the program that draws them."""
