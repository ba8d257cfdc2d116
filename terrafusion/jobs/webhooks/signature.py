"""Signatures by the Standard Webhooks scheme 1.0, https://www.standardwebhooks.com: any library of it verifies them."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Iterable


def headers(keys: Iterable[bytes], message_id: str, timestamp: int, body: bytes) -> dict[str, str]:
    """One signature for each key. ``timestamp`` is in seconds since 1970; a receiver refuses old ones."""
    signed = f"{message_id}.{timestamp}.".encode() + body
    signatures = [base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode() for key in keys]
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(f"v1,{signature}" for signature in signatures),
    }


def shown(key: bytes) -> str:
    """A key as receivers configure it."""
    return "whsec_" + base64.b64encode(key).decode()
