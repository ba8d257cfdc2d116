"""The model card: what a model learned from, how it was evaluated and where it should not be trusted, as JSON."""

from __future__ import annotations

import platform
from importlib.metadata import version
from typing import Any

import numpy as np

from valuation import ratio
from valuation.mass_appraisal.approach import MassAppraisal
from valuation.mass_appraisal.holdout import coverage

_LIBRARIES = ("lightgbm", "numpy", "pandas", "scipy", "statsmodels")


def model_card(model: MassAppraisal) -> dict[str, Any]:
    """Without NaN; dollars are at the valuation date."""
    calibrated, trees = model.calibration, model.trees
    return {
        "method": "mass_appraisal",
        "as_of": model.as_of.isoformat(),
        "trained_on": {
            name: model.facts[name] for name in ("sales", "first_sale", "last_sale", "left_out_sales", "sha256")
        },
        "trend": model.facts["trend"],
        "evaluation": evaluation(model),
        "calibration": {
            "level": round(float(np.exp(calibrated.level)), 4),
            "steps": [
                {"value": round(float(np.exp(at + calibrated.level))), "factor": round(float(np.exp(step)), 4)}
                for at, step in zip(calibrated.at, calibrated.steps, strict=True)
            ],
            "market_error_percent": round(100 * calibrated.error, 2),
            "confidence": model.options.confidence,
        },
        "features": _features(model),
        "left_out": trees.encoder.left_out,
        "values_only": {name: "rise" if way > 0 else "fall" for name, way in trees.encoder.directions.items()},
        "reasons_repeat": round(model.explainer.share, 4),
        "options": {"confidence": model.options.confidence, "seed": model.options.seed},
        "versions": {"python": platform.python_version(), **{name: version(name) for name in _LIBRARIES}},
        "warnings": list(model.facts["flags"]),
        "limits": [
            "Proposals for an appraiser to review; not values until a person accepts them.",
            "What the records do not show (condition inside, views, easements) is not in the value.",
            "A property unlike those that sold, or far from them, is flagged and has a wider interval.",
            "No sale of a property enters its own value: sold and unsold are valued alike.",
        ],
    }


def evaluation(model: MassAppraisal) -> dict[str, Any]:
    """Figures on the latest sales, valued by the same method one step earlier: nothing of it had seen them."""
    if model.trial is None:
        return {"withheld": model.facts["not_evaluated"]}
    holdout = model.trial.holdout_sales
    value, price = holdout["value"].to_numpy(), holdout["price"].to_numpy()
    figures = {
        "median": ratio.median(value, price),
        "cod": ratio.cod(value, price),
        "prd": ratio.prd(value, price),
        "prb": ratio.prb(value, price),
        "coverage": coverage(holdout),
    }
    return {
        "sales": len(holdout),
        "from": holdout["sale_date"].min().date().isoformat(),
        "to": holdout["sale_date"].max().date().isoformat(),
        "prices": "brought to the valuation date",
        **{name: round(figure, 4) for name, figure in figures.items() if np.isfinite(figure)},
        "deciles": [round(tier.median, 4) for tier in ratio.value_deciles(value, price)],
    }


def _features(model: MassAppraisal) -> list[dict[str, Any]]:
    """What moves values, by the mean size of its effect in percent, the largest first."""
    features = []
    encoder = model.trees.encoder
    for name, size in sorted(model.explainer.sizes.items(), key=lambda one: -one[1]):
        about: dict[str, Any] = {"name": name, "mean_effect_percent": round(100 * float(np.expm1(size)), 2)}
        if name in encoder.numbers:
            number = encoder.numbers[name]
            about |= {"median": number.center, "usual_range": list(number.usual), "unknown": round(number.unknown, 4)}
        elif name in encoder.levels:
            about |= {"categories": len(encoder.levels[name])}
        features.append(about)
    return features
