"""What a run is worth afterwards, an optional wing."""
