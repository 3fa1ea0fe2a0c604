"""What `scripts/install_layer.py` does to a Kedro project, with the standard library alone."""
