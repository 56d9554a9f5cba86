"""A newsroom of invented outlets on loopback."""
