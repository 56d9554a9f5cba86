"""state/: what survives a crash."""
