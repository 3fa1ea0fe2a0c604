"""Kedro hooks that record a run, one a file."""
