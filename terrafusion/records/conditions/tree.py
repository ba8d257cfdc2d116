"""Conditions on the attributes of a layer: read from JSON, checked against its fields, turned into an expression.

A condition is ``{"field", "op", "value"}``, for texts also with ``"ignore_case"``. A list of conditions asks for all of
them; ``{"any": [...]}`` and ``{"all": [...]}`` are groups, which may be nested.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial, reduce
from operator import and_, or_
from typing import Any

from django.db.models import BooleanField, Func, Q, Value
from django.db.models.expressions import Combinable
from django.db.models.functions import Lower

from terrafusion import words
from terrafusion.api import keys
from terrafusion.records.conditions import values
from terrafusion.records.layers import FieldType, Layer, LayerField, named
from terrafusion.words import shown

_ORDERED = ("<", "<=", ">", ">=", "between")
_LISTS = ("in", "not_in")
_PARTS = ("contains", "starts_with")
_ANY_TYPE = ("=", "!=", *_LISTS, "is_null")
OPERATORS = ("=", "!=", *_ORDERED, *_LISTS, *_PARTS, "is_null")
MAX_CONDITIONS = 200
MAX_VALUES = 10_000
"""Of all lists of a request together."""
MAX_DEPTH = 5
_MEMBERS = ("field", "op", "value", "ignore_case")


def operators_of(kind: FieldType) -> tuple[str, ...]:
    if kind is FieldType.BOOLEAN:
        return ("=", "!=", "is_null")
    allowed = (*_ANY_TYPE, *_ORDERED, *(_PARTS if kind is FieldType.TEXT else ()))
    return tuple(op for op in OPERATORS if op in allowed)


class Reading:
    """Reads the conditions on one layer. ``faults`` holds (place, message) of each; ``personal``: the caller's right;
    ``values``: how many the lists of conditions have, with those of the layers before.

    ``tree`` of :meth:`read` is the resolved form: groups of conditions, each with all that it means.
    """

    def __init__(self, layer: Layer, *, personal: bool, values: int = 0) -> None:
        self.layer = layer
        self.faults: list[tuple[str, str]] = []
        self._fields = {field.name: field for field in layer.fields}
        self._personal = personal
        self._conditions = 0
        self.values = values

    def read(self, given: object, at: str, depth: int = 0) -> dict[str, Any]:
        """A group or a condition; an empty one where there is a fault. Only the outermost list may hold nothing."""
        if depth > MAX_DEPTH:
            return self._fault(at, f"Groups may be nested {MAX_DEPTH} deep.")
        if isinstance(given, list):
            if depth and not given:
                return self._fault(at, "Give at least one condition.")
            return {"all": [self.read(part, f"{at}.{i}", depth + 1) for i, part in enumerate(given)]}
        if not isinstance(given, dict):
            return self._fault(at, 'Give a condition such as {"field": "zoning", "op": "=", "value": "R-1"}.')
        for joint in ("any", "all"):
            if joint in given:
                return self._group(given, joint, at, depth)
        return self._condition(given, at)

    def _group(self, given: dict[str, Any], joint: str, at: str, depth: int) -> dict[str, Any]:
        if len(given) > 1 or not isinstance(given[joint], list) or not given[joint]:
            return self._fault(at, f'Give a group as {{"{joint}": [...]}} with at least one condition.')
        return {joint: [self.read(part, f"{at}.{joint}.{i}", depth + 1) for i, part in enumerate(given[joint])]}

    def _condition(self, given: dict[str, Any], at: str) -> dict[str, Any]:
        self._conditions += 1
        if self._conditions == MAX_CONDITIONS + 1:
            return self._fault(at, f"At most {MAX_CONDITIONS} conditions may be given.")
        for unknown, message in keys.unknown(given, _MEMBERS).items():
            self._fault(f"{at}.{unknown}", message)
        name, op = given.get("field"), given.get("op")
        field = self._fields.get(name) if isinstance(name, str) else None
        if field is None:
            if "field" not in given:
                there = ", ".join(self._fields)
                return self._fault(at, f'"field" is missing: give a field of {self.layer.name}. Available: {there}.')
            return self._fault(at, words.unknown(f"field of {self.layer.name}:", name, available=self._fields))
        if refused := named.hidden(self.layer, [field.name], personal=self._personal):
            return self._fault(at, refused)
        allowed = operators_of(field.type)
        if not isinstance(op, str) or op not in allowed:
            if "op" not in given:
                there = ", ".join(allowed)
                return self._fault(at, f'"op" is missing: give an operator for {name}. Available: {there}.')
            return self._fault(at, words.unknown(f"operator of the {field.type} field {name}:", op, available=allowed))
        ignore_case = given.get("ignore_case", False)
        if ignore_case is not False and (ignore_case is not True or field.type is not FieldType.TEXT):
            self._fault(at, f"ignore_case is true or false, and for texts only; {name} is of type {field.type}.")
        condition = {"field": name, "op": op, "value": self._value(given, field, op, at)}
        return {**condition, "ignore_case": True} if ignore_case is True else condition

    def _value(self, given: dict[str, Any], field: LayerField, op: str, at: str) -> object:
        """The value as it was given, once it is known to be sound."""
        value: Any = given.get("value", True if op == "is_null" else None)
        kind = FieldType.BOOLEAN if op == "is_null" else field.type
        expected = values.EXPECTED[kind]
        if op == "between" and (not isinstance(value, list) or len(value) != 2):
            return self._fault(at, f"between takes [lowest, highest], each {expected}.")
        if op in _LISTS and (not isinstance(value, list) or not 0 < len(value) <= MAX_VALUES):
            return self._fault(at, f"{op} takes a list of 1 to {MAX_VALUES:,} values, each {expected}.")
        if op in _LISTS:
            before, self.values = self.values, self.values + len(value)
            if self.values > MAX_VALUES:
                fault = f"The lists of a request may have {MAX_VALUES:,} values together, and here they have more."
                return self._fault(at, fault) if before <= MAX_VALUES else None
        try:
            operands = [values.read(one, kind) for one in (value if op in (*_LISTS, "between") else [value])]
        except ValueError:
            return self._fault(at, f"{op} of {field.name} takes {expected}, not {shown(value)}.")
        if given.get("ignore_case") is True and kind is FieldType.TEXT:
            operands = [text.lower() for text in operands]
        if op == "between" and operands[0] > operands[1]:
            return self._fault(at, "between takes the lowest value first.")
        return value

    def _fault(self, at: str, message: str) -> dict[str, Any]:
        self.faults.append((at, message))
        return {}


def fields_of(tree: dict[str, Any]) -> set[str]:
    """The names of the fields that a resolved tree asks about."""
    parts = tree.get("all") or tree.get("any")
    if parts is None:
        return {tree["field"]}
    return set().union(*(fields_of(part) for part in parts))


def expression(tree: dict[str, Any], fields: dict[str, LayerField]) -> Q:
    """A resolved tree as a filter of the layer's queryset; ``fields`` are the layer's, by name."""
    for joint, operator in (("all", and_), ("any", or_)):
        if joint in tree:
            return reduce(operator, (expression(part, fields) for part in tree[joint]))
    return Q(_condition(tree, fields[tree["field"]]))


def _condition(tree: dict[str, Any], field: LayerField) -> Func:
    op, kind = tree["op"], field.type
    if op == "is_null":
        return _sql(f"%(expressions)s IS {'' if tree['value'] else 'NOT '}NULL", field.expression)
    many = op in (*_LISTS, "between")
    arguments: list[Any] = [Value(values.read(one, kind)) for one in (tree["value"] if many else [tree["value"]])]
    subject: Any = field.expression
    if tree.get("ignore_case"):
        subject, arguments = Lower(subject), [Lower(argument) for argument in arguments]
    if kind is FieldType.TEXT and op in _ORDERED:  # by code point, in whatever language the database sorts
        subject = Func(subject, template='%(expressions)s COLLATE "C"')
    return _TEMPLATES[op](subject, arguments)


def _sql(template: str, *arguments: Any, joint: str = ", ") -> Func:
    return Func(*arguments, template=f"({template})", arg_joiner=joint, output_field=BooleanField())


def _compared(operator: str, subject: Combinable, arguments: list[Any]) -> Func:
    return _sql("%(expressions)s", subject, *arguments, joint=f" {operator} ")


def _listed(template: str, subject: Combinable, arguments: list[Any]) -> Func:
    return _sql(template, subject, Func(*arguments, template="(%(expressions)s)"), joint=" IN ")


# Never a Django lookup: one with a number beyond the column's own range becomes an empty query, which has no SQL.
_TEMPLATES: dict[str, Callable[[Any, list[Any]], Func]] = {
    **{op: partial(_compared, op) for op in ("=", "<", "<=", ">", ">=")},
    "!=": partial(_compared, "IS DISTINCT FROM"),
    "in": partial(_listed, "%(expressions)s"),
    "not_in": partial(_listed, "(%(expressions)s) IS NOT TRUE"),
    "between": lambda subject, arguments: _sql(
        "%(expressions)s", subject, Func(*arguments, template="%(expressions)s", arg_joiner=" AND "), joint=" BETWEEN "
    ),
    "contains": lambda subject, arguments: _sql("strpos(%(expressions)s) > 0", subject, *arguments),
    "starts_with": lambda subject, arguments: _sql("starts_with(%(expressions)s)", subject, *arguments),
}
