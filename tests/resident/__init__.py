"""The process that stays ready, an optional wing; whole runs with it are in `tests/faults/`."""
