"""The template: its files, its names, its two doors, its README."""
