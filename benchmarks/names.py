"""What the contestants are called, in the results too."""

UNTRACKED, TRACKED = "untracked", "tracked"
# Where no exporter stays: pods, CI, Windows. And where one is to stay, but none has come yet.
COLD, FIRST = "tracked, cold", "tracked, first run of all"
BY_HAND, KEDRO_MLFLOW = "by hand", "kedro-mlflow"
DELETED = "layer deleted"
SEQUENTIAL, DASK = "SequentialRunner", "DaskRunner"
