"""Being told of new appeals at a place: what is asked, who asks, and how they learn of what was submitted there."""
