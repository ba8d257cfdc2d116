"""Jobs and schedules in the admin."""

from terrafusion.jobs.admin.jobs import JobAdmin
from terrafusion.jobs.admin.schedules import ScheduleAdmin

__all__ = ["JobAdmin", "ScheduleAdmin"]
