"""Runners for clusters: the same pipeline on a Dask cluster is the same run."""
