"""What is wrong with a machine, its local cloud or a deployed stack, and what to do about it."""
