"""Headline → topics; Story → the order of a topic."""
