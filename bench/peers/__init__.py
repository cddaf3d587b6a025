"""What Loupe is measured against: the same work, as each peer's documentation writes it."""
