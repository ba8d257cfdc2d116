from django.contrib import admin

from terrafusion.jobs.admin import JobAdmin
from tests.dummy_plugin.models import DummyJob

admin.site.register(DummyJob, JobAdmin)
