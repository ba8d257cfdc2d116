"""Mass appraisal: a model learned from screened sales, and the values it gives. Pure: data frames in, values out.

``valuation.frames`` says what the frames are; assessed values and prices among the characteristics are left out.
"""

from valuation.errors import UnreadableModel
from valuation.mass_appraisal.approach import MassAppraisal, TrainingOptions, train
from valuation.mass_appraisal.card import evaluation, model_card
from valuation.mass_appraisal.reasons import reasons_in_dollars
from valuation.mass_appraisal.storing import load, save

__all__ = [
    "MassAppraisal",
    "TrainingOptions",
    "UnreadableModel",
    "evaluation",
    "load",
    "model_card",
    "reasons_in_dollars",
    "save",
    "train",
]
