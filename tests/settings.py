"""Settings of the tests: the real ones, with a test database of its own name."""

import os

os.environ.setdefault("SECRET_KEY", "tests-only")
from terrafusion.settings import *  # noqa: F403
from terrafusion.settings import DATABASES, INSTALLED_APPS

# Several test runs may share one server: TEST_DB_SUFFIX keeps them apart.
DATABASES["default"]["TEST"] = {"NAME": "test_terrafusion" + os.environ.get("TEST_DB_SUFFIX", "")}
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STORAGES = {**STORAGES, "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}  # noqa: F405
