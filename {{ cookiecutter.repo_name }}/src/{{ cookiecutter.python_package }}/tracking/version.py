"""The version of this folder; its manifest, its git tag upstream and each run's tag repeat it."""

LAYER = "0.1.0"
