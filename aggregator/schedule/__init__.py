"""History and hints → when a source is polled next, and why."""
