"""One folder a pipeline; each exports `create_pipeline`."""
