"""From the JSON body of ``run`` to a checked request and an unsaved job, for every plugin.

A plugin declares its parameters, says in ``RunSerializer.build`` which frozen request the members of a body make, and
reads that request back from a stored job.
"""

from terrafusion.jobs.request.areas import AreaField, read_area
from terrafusion.jobs.request.base import JobRequest
from terrafusion.jobs.request.errors import Faults, InvalidRequest
from terrafusion.jobs.request.kinds import Boolean, Choice, Choices, Day, Integer, Number, Text, Texts
from terrafusion.jobs.request.nested import Each, Object
from terrafusion.jobs.request.parameter import Context, Parameter
from terrafusion.jobs.request.parameters import ParametersField, object_schema, read
from terrafusion.jobs.request.screening import SCREENING
from terrafusion.jobs.request.serializers import ParameterSerializer, RunSerializer
from terrafusion.jobs.request.unsaved import request_of, unsaved_job

__all__ = [
    "SCREENING",
    "AreaField",
    "Boolean",
    "Choice",
    "Choices",
    "Context",
    "Day",
    "Each",
    "Faults",
    "Integer",
    "InvalidRequest",
    "JobRequest",
    "Number",
    "Object",
    "Parameter",
    "ParameterSerializer",
    "ParametersField",
    "RunSerializer",
    "Text",
    "Texts",
    "object_schema",
    "read",
    "read_area",
    "request_of",
    "unsaved_job",
]
