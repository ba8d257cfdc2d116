"""The adjustment grid of a parcel's comparable sales, as appraisers lay it out. Pure."""

from __future__ import annotations

from datetime import date
from typing import Any

from reporting.document import blocks as b
from reporting.document.texts import INDENT, NOTHING, dated, shown
from terrafusion.tables import Column, Kind
from terrafusion.words import counted, day

MAXIMUM = 5
_COLUMNS = (
    Column("line", Kind.TEXT, "Item", width=17),
    Column("subject", Kind.TEXT, "This parcel", width=11),
    *(Column(f"comparable_{n}", Kind.TEXT, f"Comparable {n}", width=12) for n in range(1, MAXIMUM + 1)),
)
_BANDS = 6  # across
_RATES = (
    Column("item", Kind.TEXT, "Item", width=14),
    Column("per", Kind.TEXT, "Per", width=8),
    *(Column(f"band_{n}", Kind.TEXT, f"Band {n}", width=14) for n in range(1, _BANDS + 1)),
)
_COMPARISON = "sales_comparison"
_LIMITS = "net 15 %, gross 25 % of the price"


def grid(sheet: dict[str, Any]) -> b.Table:
    """A column a comparable, those that weigh most; of each item the figures, and below them the difference times its
    rate, in dollars."""
    those = sorted(sheet["comparables"], key=lambda one: -one["weight"])[:MAXIMUM]
    lines: list[list[Any]] = []

    def line(label: str, subject: str, texts: list[str]) -> None:
        lines.append([label, subject, *texts, *[None] * (MAXIMUM - len(texts))])

    line("Parcel", str(sheet["parcel_number"]), [one["parcel_number"] for one in those])
    addresses = [one["situs_address"] for one in those]
    if any(addresses):
        line("Address", sheet["parcel"].get("situs_address") or "", addresses)
    line("Distance", "", [_distance(one["distance_m"]) for one in those])
    line("Sold", "", [day(date.fromisoformat(one["sale_date"])) for one in those])
    line("Price", "", [shown(one["sale_price"], Kind.MONEY) for one in those])
    line("At the valuation date", "", [shown(one["time_adjusted_price"], Kind.MONEY) for one in those])
    items = {adjustment["name"]: adjustment for one in those for adjustment in one["adjustments"]}
    without = {name: sample for name, sample in items.items() if _is_nothing(name, those)}
    items = {name: sample for name, sample in items.items() if name not in without}
    for name, sample in sorted(items.items(), key=lambda item: item[0] == "combined_effects"):
        its = [next((one for one in each["adjustments"] if one["name"] == name), None) for each in those]
        subject = _plain(sample["subject"], name)
        amounts = ["" if one is None else _amount(one) for one in its]
        if subject == NOTHING and all(one is None or one["comparable"] is None for one in its):
            line(sample["label"], "", amounts)
            continue
        same = [subject if one is None else _plain(one["comparable"], name) for one in its]
        line(sample["label"], subject, same)
        line(f"{INDENT}adjustment", _error([one for one in its if one]), amounts)
    line("Net adjustment", "", [_signed(one["net_adjustment"]) + _share(one, "net_adjustment") for one in those])
    line("Gross adjustment", "", [f"{one['gross_adjustment']:,}" + _share(one, "gross_adjustment") for one in those])
    if any(one.get("beyond_guideline") for one in those):
        line("Usual limits", "", ["above" if one.get("beyond_guideline") else "within" for one in those])
    adjusted = [shown(one["adjusted_price"], Kind.MONEY) for one in those]
    line("Adjusted price", shown(_own(sheet).get("value", sheet["value"]), Kind.MONEY), adjusted)
    line("Weight", "", [shown(one["weight"], Kind.PERCENT, 0) for one in those])
    return b.Table(
        "comparables",
        "Comparable sales and their adjustments",
        _COLUMNS,
        lines,
        note=_note(sheet, those, items, without),
    )


def _own(sheet: dict[str, Any]) -> dict[str, Any]:
    """The comparables' own approach, which need not be the value that stands."""
    own = (one for one in sheet["approaches"] if one["approach"] == _COMPARISON and "value" in one)
    return next(own, {})


def rates(sheet: dict[str, Any]) -> b.Table | None:
    """The market's rates behind the grid, a row an item; None where no line has a rate other than zero, or the run kept
    none."""
    rows = []
    for one in sheet.get("rates", ()):
        texts = [_band(band, one["name"]) for band in one["bands"]]
        if all(_nil(band["rate"]) for band in one["bands"]):
            continue
        for begin in range(0, len(texts), _BANDS):
            row = texts[begin : begin + _BANDS]
            head = (INDENT, "") if begin else (one["label"], one["per"])
            rows.append([*head, *row, *[None] * (_BANDS - len(row))])
    if not rows:
        return None
    level = shown(_own(sheet).get("lines", {}).get("price_level"), Kind.MONEY)
    note = (
        f"Dollars for one unit more within each size band, for homes at {level}; \u00b1 is the standard error. An item "
        "that is not listed has no rate, or a rate of zero."
    )
    return b.Table("rates", "Market rates of the adjustments", _RATES, rows, note=note)


def _is_nothing(name: str, those: list[dict[str, Any]]) -> bool:
    """Whether the item is known of all and makes no difference in dollars."""
    its = [one for each in those for one in each["adjustments"] if one["name"] == name]
    return all(not one["amount"] and None not in (one["subject"], one["comparable"]) for one in its)


def _band(band: dict[str, Any], name: str) -> str:
    """``500 to 1,250`` and below it ``$118.20 \u00b1 3.10``."""
    ends = f"{_plain(_end(band['from']), name)} to {_plain(_end(band['to']), name)}"
    if band["rate"] is None:
        return f"{ends}\n{band['percent']:.3g}% \u00b1 {band['error']:.2g}"
    if _nil(band["rate"]):
        return f"{ends}\n$0"
    return f"{ends}\n{_rate(band['rate'])} \u00b1 {_rate(band['rate_error']).replace('$', '')}"


def _end(value: float | str) -> float | str:
    if isinstance(value, str):
        return value
    return round(value) if abs(value) >= 100 else float(f"{value:.3g}")


def _nil(rate: float | None) -> bool:
    """Whether the rate is printed as zero."""
    return rate is not None and abs(rate) < 0.005  # half a cent


def _note(
    sheet: dict[str, Any],
    those: list[dict[str, Any]],
    items: dict[str, dict[str, Any]],
    without: dict[str, dict[str, Any]],
) -> str:
    own = _own(sheet).get("lines", {})
    used = len(sheet["comparables"])
    words = [
        "Adjustments are dollars added to the comparable's price for what this parcel has more or less: the difference "
        "times the market's rate for a unit, estimated from sales that are each compared with the homes around them "
        "(\u00b1 is the rate's standard error)."
    ]
    if used > len(those):
        weight = shown(sum(one["weight"] for one in those), Kind.PERCENT, 0)
        words.insert(
            0, f"The {len(those)} of {counted(used, 'comparable')} that weigh most are shown: {weight} of the value."
        )
    if level := own.get("price_level"):
        words.append(f"Rates are for homes at {shown(level, Kind.MONEY)}.")
    if passed := own.get("passed_over"):
        words.append(f"{passed:,} other similar sales were not used: too much of their difference has no explanation.")
    words.append(f"Usual limits: {_LIMITS}.")
    if without:
        differ = ", ".join(sample["label"] for sample in without.values())
        words.append(f"Differs, but makes no difference to the price: {differ}.")
    labels: dict[str, list[str]] = {}
    for one in items.values():
        if one.get("source"):
            labels.setdefault(one["source"], []).append(one["label"])
    return " ".join([*words, *(f"{', '.join(those)}: {dated(source)}" for source, those in labels.items())])


def _amount(one: dict[str, Any]) -> str:
    """``60 x $112.37 = +6,742``; the dollars alone where there is no rate."""
    if one.get("rate") is None:
        return _signed(one["amount"])
    if not one["amount"] and _nil(one["rate"]):
        return "0"
    difference = float(one["subject"]) - float(one["comparable"])
    return f"{difference:+,g} \u00d7 {_rate(one['rate'])} = {_signed(one['amount'])}"


def _error(ones: list[dict[str, Any]]) -> str:
    errors = [one["rate_error"] for one in ones if one.get("rate_error") is not None]
    return f"\u00b1 {_rate(max(errors))} per {ones[0]['per'] or 'unit'}" if errors else ""


def _rate(dollars: float) -> str:
    sign = "-" if dollars < 0 else ""
    return f"{sign}${abs(dollars):,.{0 if abs(dollars) >= 1000 else 2}f}"


def _share(one: dict[str, Any], name: str) -> str:
    price = one["time_adjusted_price"]
    return f" ({one[name] / price:+.1%})".replace("+", "" if name.startswith("gross") else "+") if price else ""


def _plain(value: float | str | None, name: str) -> str:
    if "year" in name and value is not None:
        return shown(value, Kind.YEAR)
    return f"{value:,g}" if isinstance(value, int | float) and not isinstance(value, bool) else str(value or NOTHING)


def _signed(amount: float) -> str:
    return f"{amount:+,.0f}" if amount else "0"


def _distance(meters: float | None) -> str:
    if meters is None or meters < 0:
        return ""
    feet = meters / 0.3048
    return f"{feet:,.0f} ft" if feet < 5280 else f"{feet / 5280:.1f} mi"
