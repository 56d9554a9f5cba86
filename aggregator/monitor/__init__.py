"""Report and Status → terminal and /status.json."""
