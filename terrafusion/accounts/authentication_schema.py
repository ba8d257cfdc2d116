"""The header of tokens in the OpenAPI schema."""

from drf_spectacular.authentication import TokenScheme as _TokenScheme


class TokenScheme(_TokenScheme):  # type: ignore[no-untyped-call]
    target_class = "terrafusion.accounts.authentication.TokenAuthentication"
    priority = 1

    def get_security_definition(self, auto_schema: object) -> dict[str, str]:
        return {
            "type": "apiKey",
            "in": "header",
            "name": "Authorization",
            "description": "`Token`, a blank, and the token that POST /api/v1/token answers with.",
        }
