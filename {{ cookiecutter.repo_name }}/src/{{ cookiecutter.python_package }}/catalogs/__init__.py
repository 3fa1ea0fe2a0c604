"""Datasets declared in Python, and the config loader that adds them to Kedro's catalog."""
