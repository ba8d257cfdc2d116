"""Webhooks over REST."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from terrafusion.jobs.models import DeliveryStatus, WebhookDelivery, WebhookSecret


class SecretSerializer(serializers.Serializer[WebhookSecret]):
    """When your secret was made; the secret itself is shown when it is made, and never again."""

    created_at = serializers.DateTimeField(read_only=True, allow_null=True)
    previous_until = serializers.DateTimeField(
        read_only=True, allow_null=True, help_text="Until when messages are signed with the one before, too."
    )


class NewSecretSerializer(SecretSerializer):
    secret = serializers.CharField(read_only=True, help_text="As libraries of Standard Webhooks take it. Keep it now.")


class DeliverySerializer(serializers.Serializer[WebhookDelivery]):
    """A message, and what became of it."""

    delivery_id = serializers.UUIDField(read_only=True, help_text="In webhook-id, after msg_ and without hyphens.")
    county_id = serializers.CharField(read_only=True)
    job_type = serializers.CharField(read_only=True)
    job_id = serializers.UUIDField(read_only=True)
    host = serializers.CharField(read_only=True)
    url = serializers.CharField(
        read_only=True, allow_null=True, help_text="Shown to the user who requested it; null to others."
    )
    status = serializers.ChoiceField(choices=DeliveryStatus.choices, read_only=True)
    attempts = serializers.IntegerField(read_only=True)
    response_status = serializers.IntegerField(
        read_only=True, allow_null=True, help_text="HTTP status of the last try."
    )
    error_code = serializers.CharField(read_only=True, help_text="Why the last try failed; empty where it did not.")
    created_at = serializers.DateTimeField(read_only=True)
    last_attempt_at = serializers.DateTimeField(read_only=True, allow_null=True)
    next_attempt_at = serializers.SerializerMethodField(help_text="null once it was delivered or given up.")
    ended_at = serializers.DateTimeField(read_only=True, allow_null=True)

    def get_next_attempt_at(self, delivery: WebhookDelivery) -> str | None:
        waiting = delivery.status == DeliveryStatus.WAITING
        return serializers.DateTimeField().to_representation(delivery.next_attempt_at) if waiting else None

    def to_representation(self, instance: WebhookDelivery) -> dict[str, Any]:
        shown = super().to_representation(instance)
        if instance.owner_id != self.context["request"].user.pk:
            shown["url"] = None
        return shown
