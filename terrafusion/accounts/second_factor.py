"""How secrets of second factors are kept, where ``SECOND_FACTOR`` is set."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from hashlib import sha256

from allauth.mfa.adapter import DefaultMFAAdapter
from cryptography.fernet import Fernet
from django.conf import settings
from django.utils.encoding import force_bytes


class Adapter(DefaultMFAAdapter):  # type: ignore[misc]  # the library is not followed by mypy
    """Encrypted with SECRET_KEY, so that a copy of the database makes no codes."""

    def encrypt(self, text: str) -> str:
        return _box().encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        return _box().decrypt(encrypted_text.encode()).decode()


def _box() -> Fernet:
    return Fernet(urlsafe_b64encode(sha256(force_bytes(settings.SECRET_KEY) + b" of factors").digest()))
