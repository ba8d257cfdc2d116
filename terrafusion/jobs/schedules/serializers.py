"""Schedules over REST."""

from __future__ import annotations

from typing import Any, TypedDict

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.reverse import reverse

from terrafusion.api.errors import Conflict
from terrafusion.api.fields import BoundedJSONField
from terrafusion.api.serializers import StrictSerializer
from terrafusion.jobs import dispatch, options, personal_data
from terrafusion.jobs.errors import InvalidCron, RequestRefused
from terrafusion.jobs.models import AbstractJob, Schedule
from terrafusion.jobs.registry import public_types
from terrafusion.jobs.request import unsaved_job
from terrafusion.jobs.rights import refusal, set_needs
from terrafusion.jobs.schedules import clock, cron
from terrafusion.locks import acquire_lock
from terrafusion.records import time_zones
from terrafusion.records.access import may_see_personal_data
from terrafusion.records.models import Act, CountySettings
from terrafusion.types import AnyUser
from terrafusion.words import unknown

_MAX_SCHEDULES = 200
"""Of one owner in one county."""


class Links(TypedDict):
    self: str
    run: str
    latest: str
    download: str
    jobs: str


@extend_schema_field({"type": "object"})
class RequestField(BoundedJSONField):
    """The body of a job's ``run``."""

    default_error_messages = {"not_an_object": "Give a JSON object: the body of run."}

    def to_internal_value(self, data: object) -> dict[str, Any]:
        value = super().to_internal_value(data)
        if not isinstance(value, dict):
            self.fail("not_an_object")
        return value


def request_for_others(schedule: Schedule, user: AnyUser) -> dict[str, Any] | None:
    """What one who is not the owner may see of what the schedule asks for: nothing, where it may name people, or where
    its results are not for them."""
    if not may_see_personal_data(user, schedule.county_id) or refusal(schedule, user):
        return None
    parameters = schedule.request.get("parameters")
    own = {"parameters": options.for_others(parameters)} if isinstance(parameters, dict) else {}
    return {**schedule.request, **own}


class ScheduleSerializer(StrictSerializer):
    """A schedule. What is at fault in ``request`` is named as ``request.layers``."""

    schedule_id = serializers.UUIDField(read_only=True)
    name = serializers.CharField(max_length=100, help_text="Its name in lists and messages.")
    county_id = serializers.CharField(read_only=True)
    job_type = serializers.CharField(max_length=40, help_text="Kind of job, such as gis_export; it stays as it is.")
    request = RequestField(
        help_text="What to submit each time: the body of the job's run. Shown to the owner, and to who may see the "
        "county's personal data; null to others.",
        style={"base_template": "textarea.html"},
    )
    cron = serializers.CharField(
        max_length=100,
        help_text="Minute, hour, day of month, month, day of week: 0 5 * * MON-FRI is at five on working days, "
        "0 6 1 * * at six on the first of each month. At most every 15 minutes.",
    )
    time_zone = serializers.CharField(
        required=False, max_length=64, help_text="IANA name, such as America/Los_Angeles; default: the county's."
    )
    keep_last = serializers.IntegerField(
        required=False,
        allow_null=True,
        min_value=1,
        max_value=1000,
        help_text="How many of the newest results are kept. Default: each for its time.",
    )
    enabled = serializers.BooleanField(required=False, initial=True, help_text="Clear to pause.")
    owner = serializers.CharField(read_only=True, allow_null=True, help_text="Whose rights its jobs have.")
    paused_because = serializers.CharField(read_only=True)
    next_run_at = serializers.DateTimeField(read_only=True, allow_null=True, help_text="null while it is paused.")
    last_slot = serializers.DateTimeField(read_only=True, allow_null=True)
    last_event = serializers.CharField(read_only=True, help_text="What became of the last slot.")
    created_at = serializers.DateTimeField(read_only=True)
    updated_at = serializers.DateTimeField(read_only=True)
    links = serializers.SerializerMethodField()

    job: AbstractJob | None = None
    """What the request would submit, once it was checked."""

    def validate_job_type(self, name: str) -> str:
        if clock.type_named(name) is None:
            known = (job_type.name for job_type in public_types())
            raise serializers.ValidationError(unknown("job type", name, available=known))
        if self.instance is not None and name != self.instance.job_type:
            raise serializers.ValidationError(f"A schedule of {self.instance.job_type} stays one: make another.")
        return name

    def validate_request(self, body: dict[str, Any]) -> dict[str, Any]:
        name = self.instance.job_type if self.instance else self.initial_data.get("job_type")
        job_type = clock.type_named(str(name))
        if job_type is None:
            return body  # which has the fault of job_type
        serializer = clock.viewset_of(job_type).run_serializer_class
        self.job = unsaved_job(serializer, body, self.context)
        if self.instance is not None and self.job.county_id != self.instance.county_id:
            at = {"county_id": f"The schedule is of {self.instance.county_id}: make another for another county."}
            raise serializers.ValidationError(at)
        try:
            dispatch.admit(self.job)
        except RequestRefused as refused:
            raise serializers.ValidationError(refused.faults, code=refused.code) from None
        return body

    def validate_cron(self, expression: str) -> str:
        try:
            cron.check(expression)
        except InvalidCron as fault:
            raise serializers.ValidationError(str(fault)) from None
        return expression

    def validate_time_zone(self, name: str) -> str:
        time_zones.check(name)
        return name

    def create(self, validated_data: dict[str, Any]) -> Schedule:
        """Raises Conflict for one schedule too many. In a transaction, for the user's other requests wait for it."""
        assert self.job is not None  # noqa: S101 - is_valid() has made it
        user, enabled = self.context["request"].user, validated_data.pop("enabled", True)
        acquire_lock(user.pk)
        if Schedule.objects.filter(owner=user, county=self.job.county_id).count() >= _MAX_SCHEDULES:
            raise Conflict(f"You have {_MAX_SCHEDULES} schedules in this county: delete some.", "too_many_schedules")
        schedule = Schedule(
            **{"time_zone": CountySettings.of(self.job.county_id).time_zone, **validated_data},
            county_id=self.job.county_id,
            owner=user,
        )
        set_needs(schedule, dispatch.needs_of(self.job))
        self._set(schedule, enabled)
        schedule.save(force_insert=True)
        schedule.refresh_from_db()
        return schedule

    def update(self, instance: Schedule, validated_data: dict[str, Any]) -> Schedule:
        enabled = validated_data.pop("enabled", instance.enabled)
        retimed = {"cron", "time_zone"} & validated_data.keys()
        for name, value in validated_data.items():
            setattr(instance, name, value)
        if self.job is not None:
            set_needs(instance, dispatch.needs_of(self.job))
        if enabled != instance.enabled or (enabled and retimed):
            self._set(instance, enabled)
        return instance

    def _set(self, schedule: Schedule, enabled: bool) -> None:
        if enabled:
            clock.arm(schedule)
        else:
            clock.pause(schedule, f"Paused by {self.context['request'].user}.")

    def get_links(self, schedule: Schedule) -> Links:
        def link(name: str, *arguments: Any) -> str:
            return reverse(name, args=arguments, request=self.context.get("request"))

        own = schedule.schedule_id
        return Links(
            self=link("schedules:schedule", own),
            run=link("schedules:run", own),
            latest=link("schedules:latest", own),
            download=link("schedules:download", own),
            jobs=f"{link(f'{schedule.job_type}:jobs')}?schedule_id={own}",
        )

    def to_representation(self, instance: Schedule) -> dict[str, Any]:
        shown = super().to_representation(instance)
        user = self.context["request"].user
        if instance.owner_id != user.pk:
            shown["request"] = request_for_others(instance, user)
            if refused := refusal(instance, user):  # what was refused, or why, may name what is not for them
                shown["last_event"] = str(refused) if instance.last_event else ""
            else:
                personal_data.record(Act.READ, user, instance, "schedule")
        return shown
