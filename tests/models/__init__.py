"""Models: logged, registered, promoted, loaded, served."""
