"""The engine, its sockets and connections; what every kind of serving needs of them."""
