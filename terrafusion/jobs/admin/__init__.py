"""Jobs, schedules and webhooks in the admin.

Not django-q2's own tables: of jobs these show all, a task that is changed there is a job that is lost, and its
schedules are not run.
"""

from django.contrib import admin
from django_q.models import Failure, OrmQ, Schedule, Success

from terrafusion.jobs.admin.jobs import JobAdmin
from terrafusion.jobs.admin.schedules import ScheduleAdmin
from terrafusion.jobs.admin.webhooks import DeliveryAdmin

admin.site.unregister([model for model in (Failure, OrmQ, Schedule, Success) if admin.site.is_registered(model)])

__all__ = ["DeliveryAdmin", "JobAdmin", "ScheduleAdmin"]
