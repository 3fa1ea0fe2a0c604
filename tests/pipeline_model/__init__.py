"""A pipeline as one model, an optional wing."""
