"""Optional wing: a pipeline of the project as one model in MLflow, with all that it needs."""
