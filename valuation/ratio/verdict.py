"""What a study comes to, in words: whether the standard is met, why not, and the factor that would mend the level."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from terrafusion.words import counted
from valuation.ratio.ranges import BETWEEN_CLASSES, EDITION, LOWEST_COD, PLACES, rounded
from valuation.ratio.study import Measure, RatioStudy

_NAMES = {
    "median": "median ratio",
    "cod": "COD",
    "prd": "PRD",
    "prb": "PRB",
}
_CHANCE = "though chance alone could explain it: its interval reaches into the range"


@dataclass(frozen=True)
class Verdict:
    """``meets`` is None where the sales are too few to say; ``missed`` names what is out of its range. ``reasons`` are
    sentences, the most important first."""

    meets: bool | None
    summary: str
    reasons: tuple[str, ...]
    missed: str = ""


def verdict(study: RatioStudy, by_class: Mapping[str, RatioStudy] | None = None) -> Verdict:
    """Level by the median, uniformity by the COD, vertical equity by PRD and PRB, as the standard does; and each
    class against the level of all."""
    if study.withheld:
        return Verdict(None, f"No verdict: {study.withheld}", ())
    measures = {name: study.measures[name] for name in _NAMES if name in study.measures}
    reasons = [_level(study)]
    reasons += [
        _reason(name, measures[name])
        for name in ("cod", "prd", "prb")
        if name in measures and measures[name].acceptable
    ]
    apart = _apart(study, by_class or {})
    # PRD is a rough sign beside PRB, which the standard prefers where the two disagree.
    decisive = [name for name in measures if not (name == "prd" and "prb" in measures)]
    failed = [name for name in decisive if measures[name].met is False]
    meets = not failed and not apart
    classes = counted(len(by_class or {}), "class", "classes")
    missed = ", ".join([*(_NAMES[name] for name in failed), *([f"{len(apart)} of {classes}"] if apart else [])])
    summary = f"The study meets the {EDITION}." if meets else f"The study does not meet the {EDITION}: {missed}."
    return Verdict(meets, summary, (*reasons, *apart), missed)


def factor(study: RatioStudy) -> float | None:
    """What values would be multiplied by so that their median is at the level; None where there is no median."""
    measure = study.measures.get("median")
    return study.level / measure.value if measure and measure.value > 0 else None


def _level(study: RatioStudy) -> str:
    median = study.measures["median"]
    sentence = _reason("median", median)
    times = factor(study)
    if times is None:
        return sentence
    if median.met:
        return f"{sentence} No factor is needed; {times:.3f} would bring the median to {study.level:.3f}."
    return f"{sentence} Multiplying the values by {times:.3f} would bring it to {study.level:.3f}."


def _reason(name: str, measure: Measure) -> str:
    low, high = measure.acceptable or (0.0, 0.0)
    places = PLACES[name]
    figure = rounded(name, measure.value)
    bounds = f"{low:.{places}f} to {high:.{places}f}"
    sentence = f"The {_NAMES[name]} of {figure:.{places}f} is "
    if measure.met:
        return f"{sentence}within {bounds}."
    if name == "cod" and figure < LOWEST_COD:
        return f"{sentence}below {low:.{places}f}: so even a figure is a sign of chased sales or of a poor sample."
    side = "above" if figure > high else "below"
    return f"{sentence}{side} the range of {bounds}" + (f", {_CHANCE}." if measure.fails is False else ".")


def _apart(study: RatioStudy, by_class: Mapping[str, RatioStudy]) -> list[str]:
    """Classes whose level is further from that of all than the standard allows, and not by chance."""
    if len(by_class) < 2:
        return []
    middle = study.measures["median"].value / study.level
    apart = []
    for name, one in by_class.items():
        median = one.measures.get("median")
        if median is None or median.interval is None:
            continue
        low, high = (end / one.level for end in (median.interval.low, median.interval.high))
        if low > middle * (1 + BETWEEN_CLASSES) or high < middle * (1 - BETWEEN_CLASSES):
            share = median.value / one.level / middle - 1
            apart.append(
                f"Class {name} is {abs(share):.0%} {'above' if share > 0 else 'below'} the level of all; the standard "
                f"asks for {BETWEEN_CLASSES:.0%} at most."
            )
    return apart
