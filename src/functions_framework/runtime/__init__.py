"""What the interpreter and the terminal lack; nothing here knows functions or HTTP."""
