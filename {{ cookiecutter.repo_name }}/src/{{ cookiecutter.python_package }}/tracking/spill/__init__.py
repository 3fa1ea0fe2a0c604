"""Optional wing: what could not be exported goes where it outlives the machine, and comes home."""
