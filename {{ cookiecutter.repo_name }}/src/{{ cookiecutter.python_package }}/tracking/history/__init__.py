"""Optional wing: the runs that were made, as a table, and their artifacts."""
