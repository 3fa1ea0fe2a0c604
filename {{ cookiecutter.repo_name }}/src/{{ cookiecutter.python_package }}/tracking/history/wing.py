"""What this wing adds to the layer; see `wings.py`."""

COMMANDS = {"runs": "commands:runs", "download": "commands:download"}
