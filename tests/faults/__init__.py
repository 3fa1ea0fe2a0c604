"""One run, complete and correct, whatever happens: the fault matrix."""
