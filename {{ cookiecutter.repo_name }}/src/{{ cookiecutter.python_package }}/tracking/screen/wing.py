"""What this wing adds to the layer; see `wings.py`."""

WATCH = "watching:watch"
