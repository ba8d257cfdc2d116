"""The market, told with charts and maps: finished analyses, or new ones."""
