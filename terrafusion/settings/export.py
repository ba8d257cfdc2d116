"""Exports: the key of their manifests, and those that are so large that several workers write them."""

from terrafusion import env

# Empty: the key is made of SECRET_KEY.
EXPORT_SIGNING_KEY = env.text("EXPORT_SIGNING_KEY", "")
# A layer of more records than the first is cut into parts of about as many as the second.
EXPORT_PARTS_ABOVE = env.integer("EXPORT_PARTS_ABOVE", 2_000_000, minimum=1)
EXPORT_PART_RECORDS = env.integer("EXPORT_PART_RECORDS", 500_000, minimum=1)
