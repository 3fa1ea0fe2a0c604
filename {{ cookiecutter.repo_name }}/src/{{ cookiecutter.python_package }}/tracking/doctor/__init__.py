"""Optional: `kedro mlflow doctor`, which says whether a run would arrive."""
