"""Autologging, an optional wing."""
