"""PostGIS, and the one libgdal and libgeos of the process (docs/adr/0002-gdal-from-wheels.md)."""

from terrafusion import env, native

DATABASES = {
    "default": {
        **env.database("DATABASE_URL"),
        "CONN_MAX_AGE": env.integer("CONN_MAX_AGE", 60),
        "CONN_HEALTH_CHECKS": True,
    }
}
# Seconds that a query of a request may take, 0 for any. terrafusion.wsgi sets it: workers and commands have no limit.
WEB_STATEMENT_TIMEOUT = env.integer("WEB_STATEMENT_TIMEOUT", 30)
# The triggers that record edits are made anew after each migration (terrafusion.history.install), from the models as
# they are: a column that is added needs no line about triggers in a migration.
PGTRIGGER_MIGRATIONS = False

DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

GDAL_LIBRARY_PATH = env.text("GDAL_LIBRARY_PATH", native.gdal_library())
GEOS_LIBRARY_PATH = env.text("GEOS_LIBRARY_PATH", native.geos_library())
