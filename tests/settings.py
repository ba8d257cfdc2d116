"""Settings of the tests: the real ones, with a database, folders and quick clocks of their own, and a dummy plugin."""

import os
from pathlib import Path

os.environ.setdefault("SECRET_KEY", "tests-only")
os.environ.setdefault("THROTTLE_USER", "1000000/min")
os.environ.setdefault("THROTTLE_WORK", "1000000/min")
os.environ.setdefault("JOB_HEARTBEAT", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # the processes that share the suite keep all processors busy
# Several test runs may share one server and one checkout: TEST_DB_SUFFIX keeps them apart. The processes of one run
# have folders by xdist's name for them, as they have databases by pytest-django.
_suffix = os.environ.get("TEST_DB_SUFFIX", "")
_process = os.environ.get("PYTEST_XDIST_WORKER", "")
RUN_FOLDER = Path(__file__).resolve().parent.parent / "build" / f"tests{_suffix}{_process}"
os.environ["MEDIA_ROOT"] = str(RUN_FOLDER / "media")
os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(RUN_FOLDER / "metrics")
os.environ["STATIC_ROOT"] = str(RUN_FOLDER / "static")
(RUN_FOLDER / "static").mkdir(parents=True, exist_ok=True)  # whitenoise warns when it is missing

from terrafusion.settings import *  # noqa: E402, F403
from terrafusion.settings import DATABASES, INSTALLED_APPS, STORAGES  # noqa: E402

DATABASES["default"]["TEST"] = {"NAME": f"test_terrafusion{_suffix}"}
if "TEST_DATABASE" in os.environ:  # in a process that a test has started: the database of that test run
    DATABASES["default"]["NAME"] = os.environ["TEST_DATABASE"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STORAGES = {**STORAGES, "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}
INSTALLED_APPS = [*INSTALLED_APPS, "tests.dummy_plugin", "django_migration_linter"]
ROOT_URLCONF = "tests.urls"
