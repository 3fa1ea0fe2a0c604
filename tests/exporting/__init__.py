"""The exporter: what it sends to which store, and in how many calls."""
