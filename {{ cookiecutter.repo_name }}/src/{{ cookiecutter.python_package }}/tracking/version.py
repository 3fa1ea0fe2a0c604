"""The version of this layer, which its manifest and the journals carry."""

LAYER = "0.1.0"
