"""The one door to MLflow: opens its store, and says in plain words what is wrong with it."""
