"""Data to train on: found in the forms people have it in, checked, split, and stored as arrays."""
