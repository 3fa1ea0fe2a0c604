"""Optional wing: what a run takes of its machine, looked at from outside by its exporter."""
