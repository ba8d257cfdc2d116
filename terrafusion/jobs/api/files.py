"""The files of a finished job's result, listed and sent one by one: members of a package, or the one file there is."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Any

from rest_framework import serializers
from rest_framework.exceptions import NotFound
from rest_framework.reverse import reverse

from terrafusion.jobs.context import Member
from terrafusion.jobs.models import AbstractJob
from terrafusion.jobs.package import media_type
from terrafusion.jobs.registry import type_of


def members_of(job: AbstractJob) -> list[Member]:
    """Of a completed job with a result file."""
    if job.result_members:
        return [Member(**member) for member in job.result_members]
    name = PurePosixPath(job.result_file).name
    return [Member(name, media_type(name), job.result_file_bytes or 0, job.result_file_sha256, 0)]


def member_of(job: AbstractJob, name: str) -> Member:
    """The member of that name; NotFound with the names that there are."""
    members = members_of(job)
    for member in members:
        if member.name == name:
            return member
    raise NotFound(
        f"The result has no file {name!r}; it has {', '.join(member.name for member in members)}.", code="no_such_file"
    )


class MemberSerializer(serializers.Serializer[Member]):
    """A file of a result. The context has the ``job`` and the ``request``."""

    name = serializers.CharField(read_only=True)
    media_type = serializers.CharField(read_only=True)
    bytes = serializers.IntegerField(source="size", read_only=True)
    sha256 = serializers.CharField(read_only=True)
    url = serializers.SerializerMethodField(help_text="Where it is sent from; ?inline=true shows it in a browser.")

    def get_url(self, member: Member) -> str:
        job: Any = self.context["job"]
        return reverse(f"{type_of(job).name}:file", args=[job.job_id, member.name], request=self.context["request"])
