"""Sales for statistics: read as a data frame, and screened by rules whose exclusions are counted."""
