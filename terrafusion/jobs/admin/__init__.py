"""Jobs, schedules and webhooks in the admin."""

from terrafusion.jobs.admin.jobs import JobAdmin
from terrafusion.jobs.admin.schedules import ScheduleAdmin
from terrafusion.jobs.admin.webhooks import DeliveryAdmin

__all__ = ["DeliveryAdmin", "JobAdmin", "ScheduleAdmin"]
