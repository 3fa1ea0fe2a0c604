"""`MLflowDataSet`: a catalog entry whose value goes to MLflow when a node saves it."""
