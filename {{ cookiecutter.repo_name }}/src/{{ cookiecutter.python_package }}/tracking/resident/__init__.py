"""A small process that stays warm between runs: each run's exporter is a fork of it."""
