"""What lies in a journal, whichever version of the layer wrote it."""
