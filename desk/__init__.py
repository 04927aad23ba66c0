"""Where services and the Mayor's Office work: the queue by due date, and one appeal with its forms."""
