"""The benchmarks, which stand in `benchmarks/`."""
