"""The exporter process: brings a journal into one MLflow run."""
