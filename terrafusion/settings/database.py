"""PostGIS, and the one libgdal and libgeos of the process (docs/adr/0002-gdal-from-wheels.md)."""

from terrafusion import env, native

DATABASES = {
    "default": {
        **env.database("DATABASE_URL"),
        "CONN_MAX_AGE": env.integer("CONN_MAX_AGE", 60),
        "CONN_HEALTH_CHECKS": True,
    }
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

GDAL_LIBRARY_PATH = env.text("GDAL_LIBRARY_PATH", native.gdal_library())
GEOS_LIBRARY_PATH = env.text("GEOS_LIBRARY_PATH", native.geos_library())
