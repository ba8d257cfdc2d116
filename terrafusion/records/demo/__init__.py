"""Demonstration counties made of real public records, loaded through ``terrafusion.records.loading``."""
