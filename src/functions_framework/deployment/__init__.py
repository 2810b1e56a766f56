"""The files with which a platform runs these functions, made of what the functions declare."""
