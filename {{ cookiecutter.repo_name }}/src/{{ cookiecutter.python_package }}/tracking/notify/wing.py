"""What this wing adds to the layer; see `wings.py`."""

HOOKS = {"MLflowNotifyHook": "hook"}
ENDED = "telling:start"
