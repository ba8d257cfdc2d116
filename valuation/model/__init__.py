"""Mass appraisal: a model learned from screened sales, and the values it gives. Pure: data frames in, values out.

``valuation.frames`` says what the frames are; assessed values and prices among the characteristics are left out.
"""

from valuation.model.card import card, evaluation
from valuation.model.mass_appraisal import MassAppraisal, Options, train
from valuation.model.reasons import reasons_in_dollars
from valuation.model.storing import UnreadableModel, load, save

__all__ = [
    "MassAppraisal",
    "Options",
    "UnreadableModel",
    "card",
    "evaluation",
    "load",
    "reasons_in_dollars",
    "save",
    "train",
]
