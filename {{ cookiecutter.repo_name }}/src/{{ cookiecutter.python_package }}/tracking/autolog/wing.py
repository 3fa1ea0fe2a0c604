"""What this wing adds to the layer; see `wings.py`."""

HOOKS = {"MLflowAutologHook": "hook"}
