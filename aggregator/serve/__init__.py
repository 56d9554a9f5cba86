"""Published bytes → readers."""
