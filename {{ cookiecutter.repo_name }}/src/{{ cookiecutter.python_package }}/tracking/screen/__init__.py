"""Optional wing: what a `kedro run` shows on a terminal, and how its error reads there."""
