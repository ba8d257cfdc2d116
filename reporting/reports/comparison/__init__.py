"""Several counties side by side."""
