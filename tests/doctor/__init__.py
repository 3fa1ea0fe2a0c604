"""The commands of `kedro mlflow` and of `kedro run`."""
