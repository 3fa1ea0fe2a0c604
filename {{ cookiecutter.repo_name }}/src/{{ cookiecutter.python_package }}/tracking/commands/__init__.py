"""`kedro run` and `kedro mlflow …`: the commands of the core."""
