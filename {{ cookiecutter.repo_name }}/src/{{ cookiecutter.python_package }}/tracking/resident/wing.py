"""What this wing adds to the layer; see `wings.py`."""

COMMANDS = {"exporter": "commands:exporter"}
EXPORTER = "client:start"
