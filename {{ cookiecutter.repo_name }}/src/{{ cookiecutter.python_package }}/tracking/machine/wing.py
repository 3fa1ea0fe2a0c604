"""What this wing adds to the layer; see `wings.py`."""

COMPANION = "companion:begin"
