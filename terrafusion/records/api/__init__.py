"""The records over REST, read-only: what a user may see of the counties that the user has rights to."""
