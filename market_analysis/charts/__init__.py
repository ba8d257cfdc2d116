"""Vega-Lite specifications of the results, and their pictures."""
