"""The layer in a project that has nothing else of this template."""
