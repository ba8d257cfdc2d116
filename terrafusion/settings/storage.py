"""Media (the jobs' results) and static files.

Results lie in MEDIA_ROOT, or in an S3 bucket when AWS_STORAGE_BUCKET_NAME is set. They are given out by the download
view only, after asking who wants them; no web server may serve MEDIA_ROOT.
"""

from pathlib import Path
from typing import Any

from terrafusion import env
from terrafusion.settings.core import BASE_DIR

MEDIA_ROOT = Path(env.text("MEDIA_ROOT", str(BASE_DIR / "build" / "media"))).resolve()
STATIC_ROOT = Path(env.text("STATIC_ROOT", str(BASE_DIR / "build" / "static"))).resolve()
STATIC_URL = "static/"
# Results may hold what not everybody on the machine should read.
FILE_UPLOAD_PERMISSIONS = 0o640
FILE_UPLOAD_DIRECTORY_PERMISSIONS = 0o750

AWS_STORAGE_BUCKET_NAME = env.text("AWS_STORAGE_BUCKET_NAME", "")


def _media() -> dict[str, Any]:
    if not AWS_STORAGE_BUCKET_NAME:
        return {"BACKEND": "django.core.files.storage.FileSystemStorage"}
    options = {
        "bucket_name": AWS_STORAGE_BUCKET_NAME,
        "endpoint_url": env.text("AWS_S3_ENDPOINT_URL", "") or None,
        "region_name": env.text("AWS_S3_REGION_NAME", "") or None,
        # Without keys boto3 looks where it always does: instance roles, ~/.aws.
        "access_key": env.text("AWS_ACCESS_KEY_ID", "") or None,
        "secret_key": env.text("AWS_SECRET_ACCESS_KEY", "") or None,
        "querystring_expire": env.integer("AWS_QUERYSTRING_EXPIRE", 300, minimum=1),
        "signature_version": "s3v4",
        "default_acl": None,  # the bucket's own
        "file_overwrite": False,
        "max_memory_size": 8
        << 20,  # a larger file that is read is kept on this machine's disk meanwhile, not in memory
    }
    return {"BACKEND": "storages.backends.s3.S3Storage", "OPTIONS": options}


STORAGES = {
    "default": _media(),
    "staticfiles": {
        "BACKEND": "terrafusion.static_files.GzippedStaticFilesStorage",
        # Not as results: they are for everybody, and in the image root collects what another user serves.
        "OPTIONS": {"file_permissions_mode": 0o644, "directory_permissions_mode": 0o755},
    },
}
