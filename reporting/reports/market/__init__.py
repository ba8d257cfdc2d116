"""The market, shown with charts and maps: finished analyses, or new ones."""
