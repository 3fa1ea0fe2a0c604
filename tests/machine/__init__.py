"""Tests of `machine/`: what a run takes of its machine, in MLflow and in the Gantt chart."""
