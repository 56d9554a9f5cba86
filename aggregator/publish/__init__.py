"""Topic → bytes → files, atomically replaced."""
