"""Media (the jobs' results) and static files."""

from pathlib import Path

from terrafusion import env
from terrafusion.settings.core import BASE_DIR

MEDIA_ROOT = Path(env.text("MEDIA_ROOT", str(BASE_DIR / "build" / "media")))
STATIC_ROOT = Path(env.text("STATIC_ROOT", str(BASE_DIR / "build" / "static")))
STATIC_URL = "static/"

AWS_STORAGE_BUCKET_NAME = env.text("AWS_STORAGE_BUCKET_NAME", "")
_MEDIA = "storages.backends.s3.S3Storage" if AWS_STORAGE_BUCKET_NAME else "django.core.files.storage.FileSystemStorage"
STORAGES = {
    "default": {"BACKEND": _MEDIA},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
