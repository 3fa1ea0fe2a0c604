"""Registered models, listed, promoted and served: an optional wing."""
