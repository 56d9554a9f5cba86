"""Entry → Headline → Story: what is new, what is revised, what belongs together."""
