"""Training from the command's side: datasets, the training workflow, models, captured inferences."""
