"""What tracking costs: runs with it, without it, with MLflow calls by hand, and with kedro-mlflow."""
