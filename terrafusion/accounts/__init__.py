"""How people and programs sign in: tokens of the API."""
