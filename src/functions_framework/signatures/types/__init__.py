"""Whether an input fits a type, and what is wrong with it where it does not."""
