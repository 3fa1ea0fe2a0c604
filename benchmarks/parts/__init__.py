"""Files that replace files of the generated project, so that others do the same work."""
