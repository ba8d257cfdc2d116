#!/usr/bin/env python
"""Django's command line for TerraFusion. What is wrong with the installation is reported without a traceback."""

import os
import sys


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "terrafusion.settings")
    import django
    from django.core.exceptions import ImproperlyConfigured
    from django.core.management import execute_from_command_line
    from django.db import DatabaseError

    from terrafusion.db_errors import DATABASE_AWAY
    from terrafusion.history import who

    reported = (ImproperlyConfigured, DatabaseError, *DATABASE_AWAY) if "--traceback" not in sys.argv else ()
    try:
        django.setup()  # a connection, which who marks, needs the apps
        with who.command(sys.argv):
            execute_from_command_line(sys.argv)
    except reported as error:
        if isinstance(error, DATABASE_AWAY):
            sys.exit(f"The database cannot be used: {error}")
        if 'extension "postgis"' in str(error):  # it is missing on the server, or not ours to create
            sys.exit(f"{error}\nIn that database a superuser must have said: CREATE EXTENSION postgis;")
        if isinstance(error, ImproperlyConfigured):
            sys.exit(str(error))
        raise


if __name__ == "__main__":
    main()
