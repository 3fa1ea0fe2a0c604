"""Models: what the node's process knows of one, and how the exporter logs and registers it."""
