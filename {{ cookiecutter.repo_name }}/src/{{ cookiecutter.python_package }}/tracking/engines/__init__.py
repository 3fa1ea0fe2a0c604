"""Optional wing: runners that spread a run over the workers of a cluster."""
