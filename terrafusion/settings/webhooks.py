"""Webhooks: what the platform calls when a job has ended."""

from django.core.exceptions import ImproperlyConfigured

from terrafusion import env

# Receivers inside the network that may be called, as host or host:port; also by http. All others must be on the public
# internet, by https.
WEBHOOK_INTERNAL_HOSTS = env.items("WEBHOOK_INTERNAL_HOSTS", [])

# How the site is reached from outside, for the addresses in messages; without it they begin with /api/.
SITE_URL = env.text("SITE_URL", "").rstrip("/")
if SITE_URL and not SITE_URL.startswith(("https://", "http://")):
    raise ImproperlyConfigured("The setting SITE_URL must begin with https:// or http://.")
