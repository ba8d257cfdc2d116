"""A whole plugin that the tests install: proof that one is added without touching ``terrafusion.jobs``."""
