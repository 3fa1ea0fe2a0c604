"""Draws what the model gets right and wrong, and what it goes by."""

from .pipeline import create_pipeline

__all__ = ["create_pipeline"]
