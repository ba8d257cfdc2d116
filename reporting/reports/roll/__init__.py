"""The assessment roll."""
