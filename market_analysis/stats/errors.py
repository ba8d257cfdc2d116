"""Why a statistic is not given."""


class InsufficientSales(ValueError):
    """There is not enough to compute the answer from; the text says what it takes and what there is."""
