"""A person decides what the model is unsure of: reviews, their leases and answers, and what comes of them."""
