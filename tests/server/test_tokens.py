"""Tokens: the one that is taken, and every way in which one is not."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
import sqlite3
import string
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given
from hypothesis import strategies as st

from guidestep.server import Settings
from guidestep.server.authentication import Authenticator, KeySets, KeysUnavailable
from guidestep.server.authentication.replay import (
    FileReplayStore,
    MemoryReplayStore,
    ReplayStore,
)
from guidestep.server.authentication.tokens import TokenRefused
from guidestep.server.refusals import Refusal
from guidestep.server.settings import Issuer
from tests.server.clients import (
    BASE,
    ISSUER,
    NOW,
    OURS,
    SERVICE,
    Client,
    Clock,
    ec_key,
    encoded,
    our_key_set,
    public_pem,
    raw_token,
    rsa_key,
)

JKU = "https://ehr.example.org/jwks.json"
CLIENT = Client()
CLAIMS = {"iss": ISSUER, "aud": BASE + SERVICE, "iat": NOW, "exp": NOW + 60, "jti": "1"}


def authenticator(
    clock: Clock | None = None,
    *,
    entries: int = 1000,
    used: ReplayStore | None = None,
    away: bool = False,
    **issuer: Any,
) -> Authenticator:
    async def fetch(url: str, of: Issuer) -> bytes:
        if away:
            raise KeysUnavailable
        return our_key_set()

    one = {"iss": ISSUER, "jku": [JKU], **issuer}
    settings = Settings.model_validate(
        {"base_url": BASE, "issuers": [one], "log": {"url": "sqlite://"}}
    )
    keys = KeySets(settings.tokens, fetch, Clock(0))
    return Authenticator(settings, keys, used or MemoryReplayStore(entries), clock or Clock())


def check(token: str | None, made: Authenticator | None = None, path: str = SERVICE) -> Any:
    headers = [] if token is None else [f"Bearer {token}"]
    return asyncio.run((made or authenticator()).check(headers, path))


def reason(token: str | None, made: Authenticator | None = None, path: str = SERVICE) -> str:
    with pytest.raises(TokenRefused) as caught:
        check(token, made, path)
    return caught.value.reason


def test_taken() -> None:
    assert check(CLIENT.token()).issuer == ISSUER
    assert check(CLIENT.token(key=rsa_key(), algorithm="RS384", header={"kid": "k2"}))
    assert check(CLIENT.token(aud=["https://other.example", BASE + SERVICE]))
    assert check(CLIENT.token(header={"jku": JKU}, tenant="t")).tenant == "t"


def test_each_endpoint_has_its_audience() -> None:
    feedback = f"{SERVICE}/feedback"
    assert check(CLIENT.token(feedback), path=feedback)
    assert reason(CLIENT.token(), path=feedback) == "audience"


@pytest.mark.parametrize(
    "audience",
    [
        BASE,
        f"{BASE}/",
        f"{BASE}{SERVICE}/",
        f"{BASE}{SERVICE}?x",
        "http://cds.example.org" + SERVICE,
        f"https://evil.example{SERVICE}",
        [],
        [[BASE + SERVICE]],
        {"a": BASE + SERVICE},
        7,
        None,
    ],
    ids=str,
)
def test_for_another_audience(audience: Any) -> None:
    assert (
        reason(
            CLIENT.token(aud=audience)
            if not isinstance(audience, int | dict)
            else raw_token({"alg": "ES384", "kid": OURS, "typ": "JWT"}, {**CLAIMS, "aud": audience})
        )
        == "audience"
    )


@pytest.mark.parametrize(
    ("claims", "why"),
    [
        ({"iat": NOW - 400, "exp": NOW - 31}, "lifetime"),
        ({"iat": NOW - 200, "exp": NOW - 31}, "expired"),
        ({"iat": NOW - 200, "exp": NOW - 30}, "expired"),
        ({"iat": NOW + 31, "exp": NOW + 60}, "issued-in-the-future"),
        ({"iat": NOW, "exp": NOW + 301}, "lifetime"),
        ({"iat": NOW, "exp": NOW}, "lifetime"),
        ({"iat": NOW + 5, "exp": NOW}, "lifetime"),
        ({"exp": float("inf")}, "malformed"),
        ({"exp": 10**400}, "exp"),
        ({"exp": str(int(NOW) + 60)}, "exp"),
        ({"exp": True}, "exp"),
        ({"exp": None}, "exp"),
        ({"iat": None}, "iat"),
        ({"iat": -1}, "iat"),
        ({"nbf": NOW + 60}, "not-yet"),
        ({"jti": None}, "jti"),
        ({"jti": ""}, "jti"),
        ({"jti": 7}, "jti"),
        ({"jti": "x" * 513}, "jti"),
        ({"iss": "https://evil.example"}, "issuer"),
        ({"iss": None}, "issuer"),
        ({"iss": [ISSUER]}, "issuer"),
        ({"tenant": 7}, "tenant"),
    ],
    ids=str,
)
def test_claims(claims: dict[str, Any], why: str) -> None:
    header = {"alg": "ES384", "kid": OURS, "typ": "JWT"}
    token = raw_token(header, {**CLAIMS, **claims})
    if why == "lifetime":
        assert reason(token) in ("lifetime", "expired")
    else:
        assert reason(token) == why


@pytest.mark.parametrize("skew", [-29, 0, 29])
def test_clocks_may_differ_a_little(skew: float) -> None:
    token = Client(now=NOW + skew).token(exp=int(NOW + skew) + 1)
    assert check(token)


def test_without_a_claim() -> None:
    for name in ("iss", "aud", "exp", "iat", "jti"):
        why = {"iss": "issuer", "aud": "audience"}.get(name, name)
        assert reason(CLIENT.token(without=(name,))) == why


@pytest.mark.parametrize(
    ("header", "why"),
    [
        ({"alg": "none"}, "algorithm"),
        ({"alg": "None"}, "algorithm"),
        ({"alg": "HS256"}, "algorithm"),
        ({"alg": "HS384"}, "algorithm"),
        ({"alg": "ES256"}, "algorithm"),
        ({"alg": "RS256"}, "algorithm"),
        ({"alg": None}, "algorithm"),
        ({"alg": ["ES384"]}, "algorithm"),
        ({"typ": None}, "typ"),
        ({"typ": "at+jwt"}, "typ"),
        ({"crit": ["exp"]}, "crit"),
        ({"b64": False}, "crit"),
        ({"kid": None}, "no-kid"),
        ({"kid": ""}, "no-kid"),
        ({"kid": {"a": 1}}, "no-kid"),
        ({"jku": "https://evil.example/jwks.json"}, "jku"),
        ({"jku": JKU + "?x"}, "jku"),
        ({"jku": JKU.upper()}, "jku"),
        ({"jku": [JKU]}, "jku"),
        ({"kid": "unknown"}, "kid-unknown"),
        ({"kid": "k2"}, "algorithm-of-key"),
        ({"jwk": {"kty": "EC"}}, "signature"),
        ({"x5u": "https://evil.example/cert"}, "signature"),
    ],
    ids=str,
)
def test_headers(header: dict[str, Any], why: str) -> None:
    assert reason(raw_token({"alg": "ES384", "kid": OURS, "typ": "JWT", **header}, CLAIMS)) == why


def test_signed_with_the_public_key_as_a_secret() -> None:
    # The classic: HS256 with what everybody knows.
    for secret in (public_pem(ec_key()), public_pem(rsa_key()), b"", b"secret"):
        for algorithm, digest in (("HS256", "sha256"), ("HS384", "sha384")):
            header = {"alg": algorithm, "kid": OURS, "typ": "JWT"}
            signed = ".".join(encoded(json.dumps(each).encode()) for each in (header, CLAIMS))
            mac = hmac.new(secret, signed.encode(), getattr(hashlib, digest)).digest()
            assert reason(f"{signed}.{encoded(mac)}") == "algorithm"


def test_forged() -> None:
    assert reason(CLIENT.token(key=ec_key("mallory"))) == "signature"
    token = CLIENT.token()
    head, _, signature = token.split(".")
    other = encoded(json.dumps({**CLAIMS, "jti": "2"}).encode())
    assert reason(f"{head}.{other}.{signature}") == "signature"
    assert reason(f"{head}.{other}.") == "signature"


def test_a_signature_that_is_written_in_another_way() -> None:
    """Nothing is skipped or made up: of all texts that could stand for a signature one does."""
    signed, _, signature = CLIENT.token().rpartition(".")
    assert reason(f"{signed}.!{signature}") == "signature"
    assert reason(f"{signed}.{signature[:-1]}") == "signature"
    assert reason(f"{signed}.{signature}A") == "signature"
    key = rsa_key()
    signed, _, signature = CLIENT.token(
        key=key, algorithm="RS384", header={"kid": "k2"}
    ).rpartition(".")
    # 256 bytes leave four bits over, which are to be null.
    assert len(signature) == 342
    letters = string.ascii_uppercase + string.ascii_lowercase + string.digits + "-_"
    again = letters[letters.index(signature[-1]) + 1]
    assert reason(f"{signed}.{signature[:-1]}{again}") == "signature"


def test_the_algorithm_must_be_allowed_for_the_issuer() -> None:
    token = CLIENT.token(key=ec_key("p256", ec.SECP256R1), algorithm="ES256")
    assert reason(token) == "algorithm"
    only_rsa = authenticator(algorithms=["RS384"])
    assert reason(CLIENT.token(), only_rsa) == "algorithm"


def test_once() -> None:
    made, token = authenticator(), CLIENT.token()
    assert check(token, made)
    assert reason(token, made) == "replayed"
    again = CLIENT.token(jti="same")
    assert check(again, made)
    assert reason(CLIENT.token(jti="same", tenant="other"), made) == "replayed"


async def test_a_busy_file_holds_up_its_own_call_alone(tmp_path: Path) -> None:
    file = tmp_path / "used.db"
    store = FileReplayStore(file)
    store.use("i", "0", expires=NOW + 60, now=NOW)
    made = authenticator(used=store)
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        checking = asyncio.create_task(made.check([f"Bearer {CLIENT.token(jti='1')}"], SERVICE))
        before = time.monotonic()
        await asyncio.sleep(0.1)
        assert time.monotonic() - before < 1
        assert not checking.done()
        other.execute("COMMIT")
    assert (await checking).issuer == ISSUER
    with pytest.raises(TokenRefused, match="replayed"):
        await made.check([f"Bearer {CLIENT.token(jti='1')}"], SERVICE)
    store.close()


def test_remembered_for_as_long_as_it_could_be_taken() -> None:
    clock = Clock()
    made, token = authenticator(clock), CLIENT.token()
    assert check(token, made)
    clock.now = NOW + 120 + 29.9
    assert reason(token, made) == "replayed"
    clock.now = NOW + 120 + 30
    assert reason(token, made) == "expired"


def test_a_forged_token_uses_no_id_up() -> None:
    made = authenticator()
    assert reason(CLIENT.token(key=ec_key("mallory"), jti="j"), made) == "signature"
    assert check(CLIENT.token(jti="j"), made)


def test_tenants() -> None:
    made = authenticator(tenants=["north"])
    assert check(CLIENT.token(tenant="north"), made).tenant == "north"
    assert reason(CLIENT.token(tenant="south"), made) == "tenant"
    assert reason(CLIENT.token(), made) == "tenant"


@pytest.mark.parametrize(
    ("values", "why"),
    [
        ([], "no-token"),
        (["Bearer a.b.c", "Bearer a.b.c"], "several-tokens"),
        (["Basic dXNlcjpwYXNz"], "not-bearer"),
        (["Bearer"], "not-bearer"),
        (["Bearer "], "not-bearer"),
        (["Bearer abc"], "malformed"),
        (["Bearer a.b"], "malformed"),
        (["Bearer a.b.c.d.e"], "malformed"),
        (["Bearer ..."], "malformed"),
        (["Bearer .."], "malformed"),
        (["Bearer é.é.é"], "malformed"),
        (["Bearer " + "a" * 9000], "malformed"),
        (["Bearer " + raw_token([], {})], "malformed"),
        (["Bearer " + raw_token({}, "x")], "malformed"),
    ],
)
def test_no_token_at_all(values: list[str], why: str) -> None:
    with pytest.raises(TokenRefused) as caught:
        asyncio.run(authenticator().check(values, SERVICE))
    assert caught.value.reason == why


def test_a_claim_that_is_given_twice() -> None:
    head = encoded(json.dumps({"alg": "ES384", "kid": OURS, "typ": "JWT"}).encode())
    body = encoded(b'{"iss": "a", "iss": "' + ISSUER.encode() + b'"}')
    assert reason(f"{head}.{body}.x") == "malformed"


def test_deep_nesting_is_no_fault_of_ours() -> None:
    deep = encoded(b"[" * 3000 + b"]" * 3000)
    assert reason(f"{deep}.{deep}.x") == "malformed"


@given(st.binary(max_size=60), st.binary(max_size=60), st.binary(max_size=60))
def test_whatever_is_sent_is_refused(head: bytes, body: bytes, signature: bytes) -> None:
    token = ".".join(base64.urlsafe_b64encode(e).decode() for e in (head, body, signature))
    with pytest.raises(TokenRefused):
        check(token)


def test_what_cannot_be_found_out_is_neither_taken_nor_refused() -> None:
    with pytest.raises(Refusal) as caught:
        check(CLIENT.token(), authenticator(away=True))
    assert caught.value.status == 503
    full = authenticator(entries=1)
    assert check(CLIENT.token(), full)
    with pytest.raises(Refusal) as caught:
        check(CLIENT.token(), full)
    assert caught.value.status == 503
