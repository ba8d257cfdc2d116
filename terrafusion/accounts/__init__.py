"""How people and programs sign in: tokens of the API, limits of attempts, the record of both."""
