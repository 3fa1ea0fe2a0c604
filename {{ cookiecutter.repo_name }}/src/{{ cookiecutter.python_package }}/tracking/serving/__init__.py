"""Optional wing: the project's registered models, listed, promoted, and served."""
