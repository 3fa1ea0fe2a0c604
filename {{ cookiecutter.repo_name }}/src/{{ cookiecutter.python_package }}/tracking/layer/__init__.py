"""`kedro mlflow layer …`: what the owner changed in this folder, and how a newer one comes in."""
