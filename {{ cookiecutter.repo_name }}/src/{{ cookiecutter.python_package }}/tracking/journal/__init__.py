"""The journal: what an event is, and how events lie safe on disk until MLflow has them."""
