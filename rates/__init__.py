"""How often one sender may do something: counted in the database, the same for every door and every process."""
