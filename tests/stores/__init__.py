"""Each store of runs and of artifacts, on the real part."""
