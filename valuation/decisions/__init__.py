"""Decisions about values: override, review, send back, reject, certify, correct, revoke.

A decision takes two steps. ``preview`` says what it would be about and gives a token; ``execute.decide`` takes the
token and the count, and is the only place that moves a state. Rows are added to the trail and never changed.
"""
