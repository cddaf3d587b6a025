"""What `loupe batch` does with the batch stack."""
