"""The addresses of schedules, below /api/v1/."""

from django.urls import path

from terrafusion.jobs.schedules.views import ScheduleViewSet

app_name = "schedules"
urlpatterns = [
    path("schedules", ScheduleViewSet.as_view({"get": "list", "post": "create"}), name="schedules"),
    # Any text is taken for an id, so that a malformed one is answered with 400 and not with 404.
    path(
        "schedules/<str:schedule_id>",
        ScheduleViewSet.as_view({"get": "retrieve", "patch": "partial_update", "delete": "destroy"}),
        name="schedule",
    ),
    path("schedules/<str:schedule_id>/run", ScheduleViewSet.as_view({"post": "run"}), name="run"),
    path("schedules/<str:schedule_id>/latest", ScheduleViewSet.as_view({"get": "latest"}), name="latest"),
    path(
        "schedules/<str:schedule_id>/latest/download",
        ScheduleViewSet.as_view({"get": "download", "head": "download"}),
        name="download",
    ),
]
