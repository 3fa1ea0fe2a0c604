"""Measurements inside a project's own process: modules run there with `python -m`.

Each prints one line of JSON at its end.
"""
