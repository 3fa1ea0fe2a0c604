"""What could not be exported leaves its machine, and comes home."""
