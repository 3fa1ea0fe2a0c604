"""What this wing adds to the layer; see `wings.py`."""

RUNNERS = {"DaskRunner": "dask_runner"}
