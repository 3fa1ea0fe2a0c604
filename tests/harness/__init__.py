"""What tests are made of: projects, the two doors, pipelines of a test's own, what MLflow holds."""
