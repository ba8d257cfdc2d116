"""A run: what is read, which approaches are made ready, and how their values become rows and files."""
