"""Signing in: limits, sessions, tokens of the API."""

from terrafusion import env

# Days that a token is good for, where its maker does not say, and at most.
TOKEN_MAX_DAYS = env.integer("TOKEN_MAX_DAYS", 366, minimum=1)
TOKEN_DAYS = min(env.integer("TOKEN_DAYS", 90, minimum=1), TOKEN_MAX_DAYS)

KNOX_TOKEN_MODEL = "accounts.Token"  # noqa: S105 - the name of a model
REST_KNOX = {"TOKEN_PREFIX": "tf_"}  # by which people, and programs that look for leaked secrets, know one
MIGRATION_MODULES = {"knox": None}  # they make the table of a token model that ours takes the place of

# The first refuses where there were too many failures; the second looks at the password.
AUTHENTICATION_BACKENDS = ["terrafusion.accounts.attempts.Backend", "django.contrib.auth.backends.ModelBackend"]
LOGIN_FAILURES = env.integer("LOGIN_FAILURES", 10, minimum=1)
LOGIN_FAILURE_MINUTES = env.integer("LOGIN_FAILURE_MINUTES", 15, minimum=1)

# terrafusion.accounts.idle puts the end of a session off while it is used.
SESSION_COOKIE_AGE = 60 * env.integer("SESSION_IDLE_MINUTES", 60, minimum=1)
ACCOUNT_LOG_DAYS = env.integer("ACCOUNT_LOG_DAYS", 400, minimum=1)
