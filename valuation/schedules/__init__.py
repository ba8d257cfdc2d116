"""A county's tables for cost and income: loading them from files, and reading what is in force."""
