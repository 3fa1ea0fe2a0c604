"""The cases: one module each, with a function `run(bench)` that returns rows of the table."""
