"""What this wing adds to the layer; see `wings.py`."""

COMMANDS = {"begin": "commands:begin", "end": "commands:end"}
LATE_PART = "drawing:draw_again"
