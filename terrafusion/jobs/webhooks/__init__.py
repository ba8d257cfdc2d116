"""Telling another system that a job has ended: signed, tried again, and never to an address inside the network."""
