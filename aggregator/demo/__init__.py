"""A newsroom on loopback: invented outlets that publish, repeat one another, revise, and break.

    words ──▶ home_news, world_news ──▶ wire ──▶ layout ──▶ newsroom ──▶ 127.0.0.1
                           outlets ───────┘

Everything but newsroom.py is pure: what an outlet lists follows from the seed and the time that has passed.
"""
