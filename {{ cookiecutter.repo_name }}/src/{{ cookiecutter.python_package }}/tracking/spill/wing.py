"""What this wing adds to the layer; see `wings.py`."""

SPILL = "launching:launch"
BRING = "bringing:bring"
