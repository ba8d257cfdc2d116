"""``make demo``: a real county through the real platform, as a client of it would see it."""
