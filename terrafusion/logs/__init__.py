"""Logs: one line an event, as text or JSON, with the ids of the request and of the job that it belongs to."""
