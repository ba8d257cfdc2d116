"""The WSGI application that gunicorn serves."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "terrafusion.settings")
application = get_wsgi_application()

from django.conf import settings  # noqa: E402 - only once Django is set up
from django.db import connections  # noqa: E402

from terrafusion import web_queries  # noqa: E402

web_queries.limit(connections.settings["default"], settings.WEB_STATEMENT_TIMEOUT)
