"""Reconciliation, as it is declared: the weighed approaches together."""

from valuation.feasible import lacks_every_approach
from valuation.methods.registry import Method
from valuation.parameters import CALIBRATE, MODELED

RECONCILED = Method(
    name="reconciled",
    label="Reconciled: all approaches, weighted by how well each did",
    parameters=(*MODELED, CALIBRATE),
    lacks=lacks_every_approach,
    reconciles=True,
    seconds_per_parcel=0.02,
    trains=True,
)
