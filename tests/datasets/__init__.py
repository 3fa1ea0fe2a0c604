"""MLflowDataSet: kinds, files, pictures."""
