"""Optional wing: MLflow's own autologging and fluent calls, in the run of this layer."""
