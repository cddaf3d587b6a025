"""What the training workflow's functions share."""
