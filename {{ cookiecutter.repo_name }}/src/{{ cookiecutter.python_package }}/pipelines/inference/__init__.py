"""Predicts with the registered model that has the alias `champion`."""

from .pipeline import create_pipeline

__all__ = ["create_pipeline"]
