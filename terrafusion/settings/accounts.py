"""Signing in: tokens of the API."""

from terrafusion import env

# Days that a token is good for, where its maker does not say, and at most.
TOKEN_MAX_DAYS = env.integer("TOKEN_MAX_DAYS", 366, minimum=1)
TOKEN_DAYS = min(env.integer("TOKEN_DAYS", 90, minimum=1), TOKEN_MAX_DAYS)

KNOX_TOKEN_MODEL = "accounts.Token"  # noqa: S105 - the name of a model
REST_KNOX = {"TOKEN_PREFIX": "tf_"}  # by which people, and programs that look for leaked secrets, know one
MIGRATION_MODULES = {"knox": None}  # they make the table of a token model that ours takes the place of
