"""Which parcels a run is about: all of the county, some by number, those of an area, or those of neighborhoods."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from valuation.models import ValuationJob

from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet

from terrafusion import areas, words
from terrafusion.api import keys
from terrafusion.areas import rows, storage
from terrafusion.jobs.request import InvalidRequest
from terrafusion.records.layers import builtin
from terrafusion.records.models import County, PropertyOperational
from terrafusion.types import AnyUser

ALL = "all"
MAX_NAMED = 50_000


@dataclass(frozen=True)
class ValuationScope:
    """``submitted`` is the JSON of the request; ``area`` what it became, where it names one."""

    county: County
    submitted: Any
    area: areas.Area | None = None

    def parcels(self) -> QuerySet[PropertyOperational]:
        """The parcels, as the roll has them now. Those without geometry are in no area."""
        parcels = PropertyOperational.objects.filter(county=self.county)
        if self.area is not None:
            return rows.select(parcels, builtin.parcels(self.county), self.area, "intersects")
        if self.submitted == ALL:
            return parcels
        if "parcels" in self.submitted:
            return parcels.filter(parcel_number__in=self.submitted["parcels"])
        return parcels.filter(neighborhood__in=self.submitted["neighborhoods"])

    @property
    def notes(self) -> tuple[str, ...]:
        return self.area.notes if self.area else ()


def parse(given: object, county: County, user: AnyUser) -> ValuationScope:
    """The scope of a request of the user's, who may name areas of their own. Raises ``InvalidRequest``, also for
    parcels and neighborhoods that the county has not, and for a scope of nobody."""
    if given == ALL:
        scope = ValuationScope(county, ALL)
    elif isinstance(given, dict) and (unknown := keys.unknown(given, _READERS)):
        raise InvalidRequest(unknown)
    elif isinstance(given, dict) and len(given) == 1:
        ((kind, value),) = given.items()
        scope = _READERS[kind](kind, value, county, user)
    else:
        raise InvalidRequest('Give "all", or an object with one of: ' + ", ".join(_READERS) + ".")
    if not scope.parcels().exists():
        raise InvalidRequest(f"No parcel of {county.pk} is in this scope.")
    return scope


def of_job(job: ValuationJob) -> ValuationScope:
    """The scope of a stored job."""
    return ValuationScope(job.county, job.scope, storage.load(job, ()))


def _area(kind: str, given: object, county: County, user: AnyUser) -> ValuationScope:
    try:
        return ValuationScope(county, {kind: given}, areas.of_request(given, county, user))
    except areas.AreaError as error:
        raise InvalidRequest({kind: error.messages}) from None


def _named(kind: str, given: object, county: County, user: AnyUser) -> ValuationScope:
    if not isinstance(given, list) or not given or not all(isinstance(name, str) and name.strip() for name in given):
        raise InvalidRequest({kind: f'Give a list of texts, such as {{"{kind}": ["0001", "0002"]}}.'})
    names = list(dict.fromkeys(given))
    if len(names) > MAX_NAMED:
        raise InvalidRequest({kind: f"At most {MAX_NAMED:,} can be named; for more, give an area or all."})
    if any("\x00" in name for name in names):
        raise InvalidRequest({kind: "A name cannot hold a null character."})
    column = _COLUMNS[kind]
    there = PropertyOperational.objects.filter(county=county, **{f"{column}__in": names})
    unknown = sorted(set(names) - set(there.values_list(column, flat=True).distinct()))
    if unknown:
        noun = kind.removesuffix("s") if len(unknown) == 1 else kind
        raise InvalidRequest({kind: words.unknown(f"{noun} of {county.pk}:", *unknown)})
    return ValuationScope(county, {kind: names})


_COLUMNS = {"parcels": "parcel_number", "neighborhoods": "neighborhood"}
_READERS = {"parcels": _named, "neighborhoods": _named, "area_of_interest": _area}
