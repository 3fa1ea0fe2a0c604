"""The layer in Kedro projects of many layouts and Kedro versions."""
