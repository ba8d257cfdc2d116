"""The tables of the lifecycle, and the abstract one of jobs."""

from terrafusion.jobs.models.canary import Canary
from terrafusion.jobs.models.job import AbstractJob
from terrafusion.jobs.models.schedule import Schedule
from terrafusion.jobs.models.turn import Turn
from terrafusion.jobs.models.webhook import DeliveryStatus, WebhookDelivery, WebhookSecret

__all__ = ["AbstractJob", "Canary", "DeliveryStatus", "Schedule", "Turn", "WebhookDelivery", "WebhookSecret"]
