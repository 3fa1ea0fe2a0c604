"""Optional wing: one run of which many processes, on many machines, each make a part."""
