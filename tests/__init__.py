"""Tests of the template and of what it makes, in folders named as those of `tracking/`."""
