"""Valuation over REST."""
