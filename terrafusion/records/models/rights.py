"""Edits of what Django itself keeps of people's rights. Passwords and tokens are not among the columns."""

from __future__ import annotations

from django.contrib.auth.models import Group, User

from terrafusion.history.track import track_elsewhere


class Person(User):
    class Meta:
        proxy = True
        verbose_name = "user"
        default_permissions = ()


class GroupMember(User.groups.through):  # type: ignore[name-defined,misc]
    class Meta:
        proxy = True
        verbose_name = "member of a group"
        verbose_name_plural = "members of groups"
        default_permissions = ()


class PersonPermission(User.user_permissions.through):  # type: ignore[name-defined,misc]
    class Meta:
        proxy = True
        verbose_name = "permission of a user"
        verbose_name_plural = "permissions of users"
        default_permissions = ()


class GroupPermission(Group.permissions.through):  # type: ignore[name-defined,misc]
    class Meta:
        proxy = True
        verbose_name = "permission of a group"
        verbose_name_plural = "permissions of groups"
        default_permissions = ()


track_elsewhere(
    Person,
    "records",
    fields=["id", "username", "first_name", "last_name", "email", "is_active", "is_staff", "is_superuser"],
)
track_elsewhere(GroupMember, "records", fields=["id", "user", "group"])
track_elsewhere(PersonPermission, "records", fields=["id", "user", "permission"])
track_elsewhere(GroupPermission, "records", fields=["id", "group", "permission"])
