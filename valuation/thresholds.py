"""How much data the approaches to value need at least. Pure: for those who learn, and for the check of a request."""

MIN_SALES = 100
"""Valid sales up to the valuation date, for mass appraisal and sales comparison."""
