"""What this wing adds to the layer; see `wings.py`."""

COMMANDS = {"doctor": "commands:doctor"}
