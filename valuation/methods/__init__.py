"""The valuation methods: each is declared once, in a module of its own, and registered when Django starts."""

from valuation.methods.registry import (
    Method,
    all_methods,
    choices,
    find,
    get,
    label_of,
    names,
    register,
    valueless,
    weighed,
)

__all__ = ["Method", "all_methods", "choices", "find", "get", "label_of", "names", "register", "valueless", "weighed"]
