"""Uploaded areas over REST."""
