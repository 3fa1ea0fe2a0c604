"""What tracking costs, beside no tracking, MLflow calls by hand, and kedro-mlflow."""
