"""Where runs go, and what is tracked."""
