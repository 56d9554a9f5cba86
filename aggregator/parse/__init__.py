"""Bytes → Entry, in a child that can be killed."""
