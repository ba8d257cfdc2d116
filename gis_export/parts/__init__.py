"""Exports that several workers write at the same time, each a part, on one machine or several.

The worker that has the job holds a snapshot of the database, cuts the layers by ranges of their keys, queues the parts,
writes parts itself while others wait, and puts together what lies in media storage. A part is a job of its own
(``ExportPart``), so that claims, heartbeats, cancel, the retry of a lost worker, and the deletion of its file are the
lifecycle's. Should the worker that holds the snapshot die, the whole begins again with another.
"""

from gis_export.parts.coordinate import export, may_be_worth_it

__all__ = ["export", "may_be_worth_it"]
