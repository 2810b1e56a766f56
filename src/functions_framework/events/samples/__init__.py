"""Sample events of the services people use: data files, and what makes requests of them."""
