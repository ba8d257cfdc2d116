"""The token of a preview: proof that this user has seen what this request would do, and that it is still so."""

from __future__ import annotations

import hashlib
import json
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.core import signing
from django.utils import timezone

from terrafusion.types import AnyUser
from terrafusion.words import counted
from valuation.decisions.asked import DecisionRequest
from valuation.decisions.errors import PreviewDiffers, PreviewExpired, PreviewStale, UnreadableToken

LIFE = timedelta(minutes=30)
_SALT = "valuation.decisions.token"


@dataclass(frozen=True)
class PreviewBinding:
    """What a token is bound to; ``state`` is a digest of all figures that the preview was made of."""

    user: str
    job: str
    request: str
    state: str

    @classmethod
    def of(cls, user: AnyUser, job: uuid.UUID, request: DecisionRequest, state: str) -> PreviewBinding:
        body = json.dumps(request.as_json(), sort_keys=True)
        return cls(str(user.pk), str(job), hashlib.sha256(body.encode()).hexdigest(), state)


def issue(seen: PreviewBinding) -> tuple[str, datetime]:
    """The token, and until when it holds."""
    return signing.dumps({"preview": str(uuid.uuid4()), **vars(seen)}, salt=_SALT), timezone.now() + LIFE


def preview_of(token: str) -> uuid.UUID | None:
    """The id of the preview, whoever's; None where the token cannot be read."""
    try:
        return uuid.UUID(signing.loads(token, salt=_SALT)["preview"])
    except signing.BadSignature:
        return None


def check(token: str, seen: PreviewBinding) -> uuid.UUID:
    """The id of the preview. Raises where it is of another user, run or request, expired, or no longer true."""
    try:
        held = signing.loads(token, salt=_SALT, max_age=LIFE)
    except signing.SignatureExpired:
        minutes = int(LIFE.total_seconds() // 60)
        raise PreviewExpired(f"The preview is older than {counted(minutes, 'minute')}: preview again.") from None
    except signing.BadSignature:
        raise UnreadableToken("This is not a token of a preview: send it as the preview gave it.") from None
    for name, what in (("user", "user"), ("job", "run"), ("request", "request")):
        if held[name] != getattr(seen, name):
            raise PreviewDiffers(
                f"The token is of a preview of another {what}: preview this request, and send its token."
            )
    if held["state"] != seen.state:
        raise PreviewStale(
            "The values have changed since the preview: nothing was done. Preview again, and look at the new figures."
        )
    return uuid.UUID(held["preview"])
