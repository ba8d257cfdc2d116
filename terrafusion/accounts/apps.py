"""How people and programs sign in."""

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "terrafusion.accounts"
    label = "accounts"
    verbose_name = "Accounts"

    def ready(self) -> None:
        # Receivers of signals, and extensions of drf-spectacular, are known once they are imported.
        from terrafusion.accounts import authentication_schema, passwords, receivers  # noqa: F401
