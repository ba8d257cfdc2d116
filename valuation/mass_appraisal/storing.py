"""A model as bytes: a zip of JSON, LightGBM's text and plain arrays. Nothing in it is run when it is read."""

from __future__ import annotations

import io
import json
import zipfile
from dataclasses import asdict
from datetime import date
from typing import Any

import lightgbm
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from valuation.errors import UnreadableModel
from valuation.mass_appraisal import parts
from valuation.mass_appraisal.approach import MassAppraisal, TrainingOptions
from valuation.mass_appraisal.calibration import Calibration
from valuation.mass_appraisal.encodings import Encodings
from valuation.mass_appraisal.features import Encoder, NumericColumn
from valuation.mass_appraisal.holdout import Trial
from valuation.mass_appraisal.linear import Hedonic, Starts
from valuation.mass_appraisal.reasons import Reasons
from valuation.mass_appraisal.surroundings import Surroundings
from valuation.mass_appraisal.trees import Trees

_FORMAT = 7
_LARGEST = 2**31  # bytes unpacked: more is no model of a county
_EPOCH = (1980, 1, 1, 0, 0, 0)  # the same model gives the same bytes


def save(model: MassAppraisal) -> bytes:
    """The model as bytes for ``load``."""
    trees, calibrated, explainer = model.trees, model.calibration, model.explainer
    frames = {"held": model.calibration_sales}
    if model.trial is not None:
        frames |= {"trial_held": model.trial.calibration_sales, "trial_holdout": model.trial.holdout_sales}
    about = {
        "format": _FORMAT,
        "as_of": model.as_of.isoformat(),
        "options": asdict(model.options),
        "facts": model.facts,
        "encoder": asdict(trees.encoder),
        "calibration": {name: getattr(calibrated, name) for name in _CALIBRATION},
        "year": trees.year,
        "groups": explainer.groups,
        "share": explainer.share,
        "sizes": explainer.sizes,
        "boosters": {"members": len(trees.members), "spreads": len(calibrated.spreads)},
        "trial_error": model.trial and model.trial.error,
        "frames": {name: _texts(frame) for name, frame in frames.items()},
    }
    arrays = {
        f"start{number}_{name}": value
        for number, hedonic in enumerate(trees.starts.hedonics)
        for name, value in vars(hedonic).items()
    }
    arrays |= {f"brought{number}": effects for number, effects in enumerate(trees.encodings.effects.values())}
    arrays |= {name: getattr(trees.surroundings, name) for name in ("places", "years", "homes", "excess", "keys")}
    for name, frame in frames.items():
        arrays |= {f"{name}_{column}": frame[column].to_numpy(dtype=float) for column in _HELD}
        arrays[f"{name}_dates"] = frame["sale_date"].to_numpy().astype("datetime64[D]").astype(np.int64)
    arrays["filler"] = trees.filler
    files = {"model.json": json.dumps(about, allow_nan=True).encode()}
    for group, models in (("member", trees.members), ("spread", calibrated.spreads), ("reason", [explainer.model])):
        files |= {f"{group}{number}.txt": one.model_to_string().encode() for number, one in enumerate(models)}
    for name, array in arrays.items():
        block = io.BytesIO()
        np.save(block, np.asarray(array), allow_pickle=False)
        files[f"{name}.npy"] = block.getvalue()
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as package:
        for name, content in files.items():
            package.writestr(zipfile.ZipInfo(name, _EPOCH), content, zipfile.ZIP_DEFLATED)
    return packed.getvalue()


_CALIBRATION = ("level", "at", "steps", "spread", "low", "high", "error", "confidence")
_START = ("logs", "lowest", "highest", "center", "spread", "coefficients")
_HELD = ("value", "low", "high", "price", "sale_price")
_TEXTS = ("property_class", "neighborhood", "quality")


def _texts(frame: pd.DataFrame) -> dict[str, list[Any]]:
    return {"sale": frame.index.tolist(), **{name: frame[name].astype(str).tolist() for name in _TEXTS}}


def load(data: bytes) -> MassAppraisal:
    """The model that ``save`` wrote: it gives the same values. Raises ``UnreadableModel``."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as package:
            if sum(file.file_size for file in package.infolist()) > _LARGEST:
                raise UnreadableModel("The model is too large to be one.")
            files = {file.filename: package.read(file) for file in package.infolist()}
        about = json.loads(files["model.json"])
        if about["format"] != _FORMAT:
            raise UnreadableModel(
                f"The model has format {about['format']}; this version reads {_FORMAT}. Train it again."
            )
        return _read(*_renamed(about, files))
    except UnreadableModel:
        raise
    except (zipfile.BadZipFile, KeyError, TypeError, ValueError, lightgbm.basic.LightGBMError) as error:
        raise UnreadableModel(f"The bytes are no model: {type(error).__name__}: {error}") from error


def _renamed(about: dict[str, Any], files: dict[str, bytes]) -> tuple[dict[str, Any], dict[str, bytes]]:
    """With the names that ``save`` writes: models from before version 0.2 have ``not_judged`` and ``trial_judged``."""
    facts, frames = about["facts"], about["frames"]
    if "not_judged" in facts:
        about["facts"] = {**facts, "not_evaluated": facts["not_judged"]}
        about["frames"] = {name.replace("trial_judged", "trial_holdout"): frame for name, frame in frames.items()}
        files = {name.replace("trial_judged", "trial_holdout"): content for name, content in files.items()}
    return about, files


def _read(about: dict[str, Any], files: dict[str, bytes]) -> MassAppraisal:
    def array(name: str) -> NDArray[Any]:
        return np.asarray(np.load(io.BytesIO(files[f"{name}.npy"]), allow_pickle=False))

    def booster(name: str) -> lightgbm.Booster:
        return lightgbm.Booster(model_str=files[f"{name}.txt"].decode())

    encoder = about["encoder"]
    numbers = {name: NumericColumn(**{**one, "usual": tuple(one["usual"])}) for name, one in encoder["numbers"].items()}
    box = tuple(encoder["box"]) if encoder["box"] else None
    trees = Trees(
        Encoder(
            numbers,
            encoder["levels"],
            box,
            encoder["left_out"],
            tuple(map(tuple, encoder["scale"])),
            encoder.get("directions", {}),  # models before there were any have none
        ),
        Starts([Hedonic(*(array(f"start{number}_{name}") for name in _START)) for number in range(parts.COUNT + 1)]),
        Encodings({name: array(f"brought{number}") for number, name in enumerate(encoder["levels"])}),
        Surroundings(*(array(name) for name in ("places", "years", "homes", "excess", "keys"))),
        [booster(f"member{number}") for number in range(about["boosters"]["members"])],
        about["year"],
        array("filler"),
    )
    calibrated = about["calibration"]
    line: dict[str, Any] = {name: tuple(calibrated.pop(name)) for name in ("at", "steps")}

    def frame(name: str) -> pd.DataFrame:
        kept = pd.DataFrame({column: array(f"{name}_{column}") for column in _HELD})
        kept["sale_date"] = array(f"{name}_dates").astype("datetime64[D]").astype("datetime64[s]")
        texts = about["frames"][name]
        return kept.assign(**{column: texts[column] for column in _TEXTS}).set_axis(pd.Index(texts["sale"]))

    tried = "trial_holdout" in about["frames"]
    return MassAppraisal(
        date.fromisoformat(about["as_of"]),
        TrainingOptions(**about["options"]),
        about["facts"],
        trees,
        Calibration(
            **calibrated,
            **line,
            spreads=[booster(f"spread{number}") for number in range(about["boosters"]["spreads"])],
        ),
        Reasons(booster("reason0"), about["groups"], about["share"], about["sizes"]),
        frame("held"),
        Trial(frame("trial_held"), frame("trial_holdout"), about["trial_error"]) if tried else None,
    )
