"""Who read, previewed, exported or downloaded personal data, which, when, and by what right.

Whatever is about to show personal data records it here first, so that nothing is shown where it cannot be recorded. The
database changes no entry, and deletes none before the county's ``access_log_days`` have passed.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.db.models import DateTimeField, DurationField, ExpressionWrapper, F, OuterRef, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce, Now

from terrafusion.records.access import Rights, Role, counties_for, rights_of
from terrafusion.records.models import Act, County, CountySettings, PersonalDataAccess
from terrafusion.types import AnyUser

READ_AGAIN = timedelta(hours=1)
"""Who reads the same thing again within this time has read it once, as a page that polls a job does."""
_VIEW = "records.view_personaldataaccess"
_BATCH = 10_000


@dataclass(frozen=True)
class Seen:
    """A thing with personal data of ``counties``; ``details`` say what of it, and hold no personal data themselves."""

    counties: tuple[str, ...]
    kind: str
    key: str
    details: dict[str, Any] = field(default_factory=dict)


def record(user: AnyUser, act: Act, things: Iterable[Seen], *, again: bool = False) -> None:
    """One entry for each thing and county. Repetitions of reading within ``READ_AGAIN`` make none; with ``again``,
    neither do those of another act."""
    rows = [(thing, county_id) for thing in things for county_id in thing.counties]
    if not rows:
        return
    rights = rights_of(user)
    if again or act == Act.READ:
        rows = [row for row in rows if not _lately(user, act, *row)]
    PersonalDataAccess.objects.bulk_create(
        PersonalDataAccess(
            county_id=county_id,
            user_id=user.pk,
            username=user.get_username(),
            act=act,
            kind=thing.kind,
            key=thing.key[:100],
            details=thing.details,
            right=_right(rights, county_id),
        )
        for thing, county_id in rows
    )


def counties_readable_by(user: AnyUser) -> QuerySet[County]:
    """The counties whose record the user may read: of their managers, and of those who see the county and have Django's
    permission to view it, such as a records officer."""
    return counties_for(user, Role.VIEWER if user.has_perm(_VIEW) else Role.MANAGER)


def forget() -> int:
    """Delete entries that are older than their county keeps them. Returns how many, at most ``_BATCH``."""
    days = CountySettings.objects.filter(county=OuterRef("county")).values("access_log_days")
    kept = Coalesce(Subquery(days), Value(CountySettings._meta.get_field("access_log_days").default))
    limit = ExpressionWrapper(F("kept") * Value(timedelta(days=1), DurationField()), DurationField())
    old = PersonalDataAccess.objects.annotate(kept=kept).filter(
        at__lt=ExpressionWrapper(Now() - limit, DateTimeField())
    )
    ids = list(old.order_by().values_list("pk", flat=True)[:_BATCH])
    return PersonalDataAccess.objects.filter(pk__in=ids).delete()[0]


def _lately(user: AnyUser, act: Act, thing: Seen, county_id: str) -> bool:
    entries = PersonalDataAccess.objects.filter(
        user=user.pk, county=county_id, act=act, kind=thing.kind, key=thing.key[:100], details=thing.details
    )
    return entries.filter(at__gt=Now() - READ_AGAIN).exists()


def _right(rights: Rights, county_id: str) -> str:
    if rights.everything:
        return "superuser"
    return f"personal data, {rights.roles.get(county_id, 'no role')}"
