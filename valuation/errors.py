"""Why values, sales, or settings cannot be used. Pure."""

from __future__ import annotations


class ValuationError(ValueError):
    """The base of these errors."""


class InvalidClasses(ValuationError):
    """The setting ``assessment_classes`` cannot be used; a sentence for each fault."""


class UnusableInput(ValuationError):
    """A frame that cannot be valued; ``faults`` are all of them."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__(" ".join(faults))
        self.faults = faults


class NoEffectiveRates(ValuationError):
    """No row of a rate table is effective at the valuation date."""


class UnreadableModel(ValuationError):
    """A stored model is read whose bytes are no model of this format."""


class UnusableSales(ValuationError):
    """Values and prices that no ratio can be made of."""


class InvalidStudyDates(ValuationError):
    """The dates of a ratio study do not fit its values, or each other. ``faults`` holds messages by
    ``valuation_date``, ``sales_from``, ``sales_to`` or ``values``."""

    def __init__(self, faults: dict[str, list[str]]) -> None:
        super().__init__(" ".join(text for texts in faults.values() for text in texts))
        self.faults = faults
