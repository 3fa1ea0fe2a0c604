"""Optional wing: tells people that a run has ended, from the process that exports it."""
