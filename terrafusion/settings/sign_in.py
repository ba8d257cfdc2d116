"""A second factor, passkeys, and sign-in by the office's identity provider, each where it is asked for. Off, nothing of
django-allauth is loaded: no page, no table, no middleware. (docs/adr/0034-attempts.md)"""

from urllib.parse import urlsplit

from terrafusion import env
from terrafusion.settings import accounts, core, pages

SECOND_FACTOR = env.boolean("SECOND_FACTOR", False)
OIDC_SERVER_URL = env.text("OIDC_SERVER_URL", "")
OIDC_CLIENT_ID = env.text("OIDC_CLIENT_ID", "")
OIDC_CLIENT_SECRET = env.text("OIDC_CLIENT_SECRET", "")
OIDC_NAME = env.text("OIDC_NAME", "the office's account")
SIGN_IN_PAGES = SECOND_FACTOR or bool(OIDC_SERVER_URL)

if SIGN_IN_PAGES:
    core.INSTALLED_APPS += ["allauth", "allauth.account"]
    core.MIDDLEWARE += ["allauth.account.middleware.AccountMiddleware"]
    accounts.AUTHENTICATION_BACKENDS += ["allauth.account.auth_backends.AuthenticationBackend"]
    LOGIN_URL = "account_login"

    ACCOUNT_ADAPTER = "terrafusion.accounts.sign_in.AccountAdapter"
    ACCOUNT_LOGIN_METHODS = {"username"}
    ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*"]  # nobody signs up: see the adapter
    ACCOUNT_EMAIL_VERIFICATION = "none"
    ACCOUNT_SESSION_REMEMBER = False  # a session ends with the browser, or when it is idle

if SECOND_FACTOR:
    core.INSTALLED_APPS += ["allauth.mfa"]
    MFA_ADAPTER = "terrafusion.accounts.second_factor.Adapter"
    MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
    MFA_PASSKEY_LOGIN_ENABLED = True
    MFA_TOTP_ISSUER = "TerraFusion"

if OIDC_SERVER_URL:
    core.INSTALLED_APPS += ["allauth.socialaccount", "allauth.socialaccount.providers.openid_connect"]
    SOCIALACCOUNT_ADAPTER = "terrafusion.accounts.provider.Adapter"
    SOCIALACCOUNT_EMAIL_VERIFICATION = "none"
    SOCIALACCOUNT_PROVIDERS = {
        "openid_connect": {
            "OAUTH_PKCE_ENABLED": True,
            "APPS": [
                {
                    "provider_id": "office",
                    "name": OIDC_NAME,
                    "client_id": OIDC_CLIENT_ID,
                    "secret": OIDC_CLIENT_SECRET,
                    "settings": {"server_url": OIDC_SERVER_URL},
                }
            ],
        }
    }
    _server = urlsplit(OIDC_SERVER_URL)
    # The form that leads there is answered with a redirect, which browsers ask the policy about.
    pages.CONTENT_SECURITY_POLICY["DIRECTIVES"]["form-action"] += [f"{_server.scheme}://{_server.netloc}"]
