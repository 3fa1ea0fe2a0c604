"""What `kedro run` shows on a real terminal, an optional wing."""
