"""The project as an image: what is in it, and what becomes of a run in a container."""
