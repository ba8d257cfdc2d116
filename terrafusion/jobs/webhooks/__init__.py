"""Notifying another system that a job has ended: signed, tried again, and never to a URL inside the network."""
