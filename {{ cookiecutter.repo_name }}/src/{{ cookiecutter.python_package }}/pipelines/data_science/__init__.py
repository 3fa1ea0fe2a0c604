"""Trains a classifier or regressor, scores it, and predicts with it."""

from .pipeline import create_pipeline

__all__ = ["create_pipeline"]
