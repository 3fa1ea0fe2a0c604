"""What this wing adds to the layer; see `wings.py`."""

COMMANDS = {
    "models": "commands:models",
    "promote": "commands:promote",
    "serve": "commands:serve",
}
