"""What serves functions: each host answers requests with one kind of function."""
