"""Source → Fetched | NotModified | Gone | Refused | Failed."""
