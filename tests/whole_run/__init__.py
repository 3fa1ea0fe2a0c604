"""The whole product: its first run, and its user's day."""
