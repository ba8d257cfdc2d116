"""Signing in with a second factor and by an identity provider. ``test_sign_in`` runs this with both turned on."""

from __future__ import annotations

import json
import os
import re
import threading
import time
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jwt
import pytest
from allauth.account.utils import user_pk_to_url_str
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from django.conf import settings
from django.contrib.auth.models import User
from django.core.cache import caches
from django.core.management import call_command
from django.test import Client
from fido2.cose import ES256
from fido2.webauthn import Aaguid, AttestationObject, AttestedCredentialData, AuthenticatorData, CollectedClientData

from terrafusion.accounts.models import AccountEvent, Token
from tests.conftest import MakeUser

PASSWORD = "secret-of-tests"  # of make_user
LOGIN, FACTOR = "/sign-in/login/", "/sign-in/2fa/authenticate/"
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _no_limit_by_address() -> None:
    caches["logins"].clear()
    caches["default"].clear()


@pytest.fixture
def person(make_user: MakeUser) -> User:
    user: User = make_user("ann")
    user.is_staff, user.email = True, "ann@county.example"
    user.save()
    return user


def sign_in(browser: Client, password: str = PASSWORD) -> Any:
    return browser.post(LOGIN, {"login": "ann", "password": password})


def confirm(browser: Client) -> None:
    """What changes how one signs in asks for the password again."""
    assert browser.post("/sign-in/reauthenticate/", {"password": PASSWORD}).status_code == 302


def is_in(browser: Client) -> bool:
    return bool(browser.get("/admin/").status_code == 200)


def code_of(secret: str) -> str:
    from allauth.mfa.totp.internal import auth

    caches["default"].clear()  # a code is good for once, and half a minute is long in a test
    code: str = auth.format_hotp_value(auth.hotp_value(secret, next(iter(auth.yield_hotp_counters_from_time()))))
    return code


@pytest.fixture
def secret(person: User) -> str:
    """Of the second factor that the person has set up."""
    browser = Client()
    sign_in(browser)
    assert browser.get("/sign-in/2fa/totp/activate/").headers["Location"].startswith("/sign-in/reauthenticate/")
    confirm(browser)
    page = browser.get("/sign-in/2fa/totp/activate/")
    code: str = page.context["form"].secret
    assert browser.post("/sign-in/2fa/totp/activate/", {"code": code_of(code)}).status_code == 302
    return code


def test_every_door_leads_to_the_one_page(person: User) -> None:
    for path in ("/admin/", "/admin/login/?next=/admin/", "/api-auth/login/?next=/api/v1/", "/api/v1/docs"):
        page = Client().get(path, follow=True)
        assert page.redirect_chain[-1][0].startswith(LOGIN), path
        assert page.status_code == 200
        assert b"Sign in" in page.content
    browser = Client()
    assert sign_in(browser, "wrong").status_code == 200
    assert not is_in(browser)
    assert sign_in(browser).status_code == 302
    assert is_in(browser)
    assert browser.get("/api/v1/counties", headers={"Accept": "application/json"}).status_code == 200
    browser.post("/sign-in/logout/")
    assert not is_in(browser)
    kinds = list(AccountEvent.objects.order_by("at").values_list("kind", flat=True))
    assert kinds == ["failed", "signed_in", "signed_out"]


def test_who_is_no_staff_is_refused_and_not_sent_around(make_user: MakeUser) -> None:
    browser = Client()
    browser.force_login(make_user("visitor"))
    page = browser.get("/admin/", follow=True)
    assert page.status_code == 403


def test_nobody_signs_up_or_asks_for_a_password() -> None:
    for path in ("signup/", "password/reset/", "email/", "2fa/webauthn/signup/", "social/signup/"):
        assert Client().get(f"/sign-in/{path}").status_code == 404, path
    assert Client().get("/sign-in/none/").status_code == 302


def test_the_limit_of_an_account_holds_here_too(person: User) -> None:
    for number in range(10):
        caches["logins"].clear()
        answer = Client(REMOTE_ADDR=f"198.51.100.{number}").post(LOGIN, {"login": "ann", "password": "guess"})
        assert answer.status_code == 200
    caches["logins"].clear()
    answer = Client(REMOTE_ADDR="192.0.2.1").post(LOGIN, {"login": "ann", "password": PASSWORD})
    assert answer.status_code == 429
    assert int(answer.headers["Retry-After"]) > 800


def test_a_password_alone_does_not_do_any_more(person: User, secret: str) -> None:
    browser = Client()
    answer = sign_in(browser)
    assert (answer.status_code, answer.headers["Location"]) == (302, FACTOR)
    assert not is_in(browser)
    assert browser.get("/api/v1/counties", headers={"Accept": "application/json"}).status_code == 401
    assert browser.post(FACTOR, {"code": "000000" if code_of(secret) != "000000" else "000001"}).status_code == 200
    assert not is_in(browser)
    assert browser.post(FACTOR, {"code": code_of(secret)}).status_code == 302
    assert is_in(browser)
    assert sign_in(Client()).headers["Location"] == FACTOR  # of another browser


def test_a_code_is_good_for_once(person: User, secret: str) -> None:
    code = code_of(secret)
    first, second = Client(), Client()
    for browser in (first, second):
        sign_in(browser)
    assert first.post(FACTOR, {"code": code}).status_code == 302
    second.post(FACTOR, {"code": code})
    assert (is_in(first), is_in(second)) == (True, False)


def test_codes_are_not_to_be_guessed(person: User, secret: str) -> None:
    browser = Client()
    sign_in(browser)
    good = code_of(secret)
    for guess in range(6):
        browser.post(FACTOR, {"code": f"{guess:06}"})
    browser.post(FACTOR, {"code": good})
    assert not is_in(browser)


def test_recovery_codes(person: User, secret: str) -> None:
    browser = Client()
    sign_in(browser)
    browser.post(FACTOR, {"code": code_of(secret)})
    confirm(browser)
    text = browser.get("/sign-in/2fa/recovery-codes/download/").content.decode()
    codes = re.findall(r"^\d{8}$", text, re.MULTILINE)
    assert len(codes) == 10
    for expected in (True, False):  # each once
        lost = Client()
        sign_in(lost)
        lost.post(FACTOR, {"code": codes[0]})
        assert is_in(lost) is expected


def test_tokens_are_made_by_who_has_signed_in_with_both(person: User, secret: str) -> None:
    refused = Client().post("/api/v1/token", {"username": "ann", "password": PASSWORD})
    assert (refused.status_code, refused.json()["code"]) == (403, "permission_denied")
    assert "second factor" in refused.json()["detail"]
    assert not Token.objects.exists()
    browser = Client(headers={"Accept": "application/json"})
    sign_in(browser)
    assert browser.post("/api/v1/tokens", {"name": "GIS"}).status_code == 401
    browser.post(FACTOR, {"code": code_of(secret)})
    token = browser.post("/api/v1/tokens", {"name": "GIS"}).json()["token"]
    assert Client(headers={"Authorization": f"Token {token}"}).get("/api/v1/counties").status_code == 200


def test_a_copy_of_the_database_makes_no_codes(person: User, secret: str) -> None:
    from allauth.mfa.models import Authenticator

    kept = [str(authenticator.data) for authenticator in Authenticator.objects.all()]
    assert len(kept) == 2  # with the recovery codes
    assert not [text for text in kept if secret in text]


class Passkey:
    """What a phone or a key does, in software."""

    def __init__(self) -> None:
        self.key, self.id = ec.generate_private_key(ec.SECP256R1()), os.urandom(32)
        self.relying = sha256(b"testserver").digest()

    def made(self, options: dict[str, Any]) -> str:
        held = AttestedCredentialData.create(Aaguid.NONE, self.id, ES256.from_cryptography_key(self.key.public_key()))
        flags = AuthenticatorData.FLAG.UP | AuthenticatorData.FLAG.UV | AuthenticatorData.FLAG.AT
        data = AuthenticatorData.create(self.relying, flags, 0, held)
        client = CollectedClientData.create("webauthn.create", options["challenge"], "https://testserver")
        answer = {"attestationObject": _text(AttestationObject.create("none", data, {}))}
        return self._credential(client, answer)

    def signed(self, options: dict[str, Any], user: User, origin: str = "https://testserver") -> str:
        client = CollectedClientData.create("webauthn.get", options["challenge"], origin)
        data = AuthenticatorData.create(self.relying, AuthenticatorData.FLAG.UP | AuthenticatorData.FLAG.UV, 1)
        signature = self.key.sign(data + client.hash, ec.ECDSA(hashes.SHA256()))
        handle = user_pk_to_url_str(user).encode()
        return self._credential(
            client, {"authenticatorData": _text(data), "signature": _text(signature), "userHandle": _text(handle)}
        )

    def _credential(self, client: bytes, answer: dict[str, str]) -> str:
        return json.dumps(
            {
                "id": _text(self.id),
                "rawId": _text(self.id),
                "type": "public-key",
                "clientExtensionResults": {"credProps": {"rk": True}},
                "response": {"clientDataJSON": _text(client), **answer},
            }
        )


def _text(data: bytes) -> str:
    return urlsafe_b64encode(data).decode().rstrip("=")


def passkey_options(browser: Client) -> dict[str, Any]:
    assert b"passkey" in browser.get(LOGIN, secure=True).content
    headers = {"X-Requested-With": "XMLHttpRequest"}
    asked = browser.get("/sign-in/2fa/webauthn/login/", headers=headers, secure=True).json()
    options: dict[str, Any] = asked["request_options"]["publicKey"]
    return options


def test_a_passkey_signs_in_by_itself(person: User) -> None:
    browser, passkey = Client(), Passkey()
    sign_in(browser)
    confirm(browser)
    page = browser.get("/sign-in/2fa/webauthn/add/", secure=True)
    made = passkey.made(page.context["js_data"]["creation_options"]["publicKey"])
    form = {"name": "phone", "passwordless": "on", "credential": made}
    assert browser.post("/sign-in/2fa/webauthn/add/", form, secure=True).status_code == 302

    assert sign_in(Client()).headers["Location"] == FACTOR  # it is a second factor, too
    for key, origin, expected in (
        (Passkey(), "https://testserver", False),
        (passkey, "https://elsewhere.example", False),
        (passkey, "https://testserver", True),
    ):
        key.id = passkey.id
        other = Client()
        credential = key.signed(passkey_options(other), person, origin)
        other.post("/sign-in/2fa/webauthn/login/", {"credential": credential}, secure=True)
        assert is_in(other) is expected


def test_pages_run_no_script_of_their_own(person: User, secret: str) -> None:
    """The Content-Security-Policy runs scripts of files only."""
    browser = Client()
    pages = [browser.get(LOGIN)]
    sign_in(browser)
    pages.append(browser.get(FACTOR))
    browser.post(FACTOR, {"code": code_of(secret)})
    confirm(browser)
    pages += [browser.get(f"/sign-in/2fa/{path}") for path in ("", "webauthn/", "webauthn/add/", "totp/deactivate/")]
    for page in pages:
        assert page.status_code == 200
        policy = page.headers["Content-Security-Policy"]
        assert "script-src 'self';" in f"{policy};"
        assert f"form-action 'self' {settings.OIDC_SERVER_URL}" in policy
        scripts = re.findall(r"<script([^>]*)>", page.content.decode())
        assert [tag for tag in scripts if "src=" not in tag and 'type="application/json"' not in tag] == []
        assert not re.search(r"\son\w+=", page.content.decode())


# --- an identity provider ---------------------------------------------------------------------------------------------


class Office(BaseHTTPRequestHandler):
    """A provider of OpenID Connect: whoever comes back with the code ``good`` is ``someone``."""

    someone: dict[str, Any] = {}
    asked: list[dict[str, list[str]]] = []

    def do_GET(self) -> None:
        site = settings.OIDC_SERVER_URL
        if self.path == "/.well-known/openid-configuration":
            places = {name: f"{site}/{name.partition('_')[0]}" for name in ("token_endpoint", "userinfo_endpoint")}
            self._answer(
                {"issuer": site, "authorization_endpoint": f"{site}/authorize", "jwks_uri": f"{site}/keys", **places}
            )
        elif self.path == "/userinfo" and self.headers["Authorization"] == "Bearer an-access-token":
            self._answer(self.someone)
        else:
            self._answer({"error": "not_found"}, 404)

    def do_POST(self) -> None:
        form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        self.asked.append(form)
        if form["code"] != ["good"]:
            self._answer({"error": "invalid_grant"}, 400)
            return
        claims = {"iss": settings.OIDC_SERVER_URL, "aud": "terrafusion", "exp": time.time() + 60, **self.someone}
        signed = jwt.encode(claims, "a-key-of-the-provider-of-32-bytes-or-more")
        self._answer({"access_token": "an-access-token", "token_type": "Bearer", "id_token": signed})

    def _answer(self, body: dict[str, Any], status: int = 200) -> None:
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: Any) -> None:
        """Quiet."""


@pytest.fixture(scope="module")
def _office() -> Iterator[None]:
    server = HTTPServer(("127.0.0.1", urlsplit(settings.OIDC_SERVER_URL).port or 0), Office)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield
    server.shutdown()
    server.server_close()


def by_office(browser: Client, someone: dict[str, Any], code: str = "good") -> Any:
    Office.someone = someone
    leads = browser.post("/sign-in/oidc/office/login/")
    assert leads.status_code == 302
    target = urlsplit(leads.headers["Location"])
    assert f"{target.scheme}://{target.netloc}" == settings.OIDC_SERVER_URL
    asked = parse_qs(target.query)
    assert asked["client_id"] == ["terrafusion"]
    assert asked["code_challenge_method"] == ["S256"]
    return browser.get("/sign-in/oidc/office/login/callback/", {"code": code, "state": asked["state"][0]})


ANN = {"sub": "7", "email": "Ann@county.example", "email_verified": True, "preferred_username": "root"}


@pytest.mark.usefixtures("_office")
def test_the_office_signs_in_an_account_that_is_there(person: User) -> None:
    before = person.password
    browser = Client()
    assert by_office(browser, ANN).status_code == 302
    assert browser.get("/admin/").context["user"] == person
    assert Office.asked[-1]["code_verifier"]
    person.refresh_from_db()
    assert person.password == before
    User.objects.update(email="ann@elsewhere.example")  # from now on it is known by its id
    again = Client()
    by_office(again, {**ANN, "email": "new@county.example"})
    assert is_in(again)
    assert AccountEvent.objects.filter(kind="signed_in", username="ann").count() == 2


@pytest.mark.usefixtures("_office")
@pytest.mark.parametrize(
    "someone",
    [
        {**ANN, "email_verified": False},
        {**ANN, "email": "bob@county.example"},
        {"sub": "7", "preferred_username": "ann"},
        {"sub": "7", "email": "", "email_verified": True},
    ],
    ids=["not verified", "unknown", "by name only", "no address"],
)
def test_the_office_signs_in_nobody_else(person: User, someone: dict[str, Any]) -> None:
    browser = Client()
    page = by_office(browser, someone)
    assert page.status_code in (200, 302)
    assert not is_in(browser)
    assert User.objects.count() == 1


@pytest.mark.usefixtures("_office")
def test_one_address_of_two_accounts_is_nobodys(person: User, make_user: MakeUser) -> None:
    make_user("other")
    User.objects.update(email="ann@county.example")
    browser = Client()
    by_office(browser, ANN)
    assert not is_in(browser)


@pytest.mark.usefixtures("_office")
def test_an_account_that_is_put_out_stays_out(person: User) -> None:
    by_office(Client(), ANN)
    User.objects.update(is_active=False)
    browser = Client()
    by_office(browser, ANN)
    assert not is_in(browser)


@pytest.mark.usefixtures("_office")
def test_answers_that_were_not_asked_for(person: User) -> None:
    browser = Client()
    by_office(browser, ANN, code="bad")
    assert not is_in(browser)
    Office.someone = ANN
    browser.get("/sign-in/oidc/office/login/callback/", {"code": "good", "state": "invented"})
    assert not is_in(browser)


@pytest.mark.usefixtures("_office")
def test_the_office_does_not_go_around_the_second_factor(person: User, secret: str) -> None:
    browser = Client()
    assert by_office(browser, ANN).headers["Location"] == FACTOR
    assert not is_in(browser)
    browser.post(FACTOR, {"code": code_of(secret)})
    assert is_in(browser)


def test_the_tables_are_those_of_the_models() -> None:
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)
