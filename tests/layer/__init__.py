"""`kedro mlflow layer …`, on real Git repositories."""
