"""One token: whether it was signed by a client that may call, for this endpoint, now, and once.

What is wrong with a token is a word for the log and the metrics; the caller learns only that it
was refused. The token itself goes nowhere.
"""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import jwt

from guidestep.assessment import AssessmentError
from guidestep.assessment.json_text import parse
from guidestep.server.authentication.keys import Key, KeySets, KeysUnavailable
from guidestep.server.authentication.replay import (
    ReplayStore,
    ReplayStoreBusy,
    ReplayStoreFull,
)
from guidestep.server.refusals import Code, Refusal
from guidestep.server.settings import Issuer, Settings

MOST_CHARACTERS = 8192
_MOST_ID = 512


class TokenRefused(Exception):  # noqa: N818 (not a fault of ours)
    """A token that is not taken; `reason` is a word for the log."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Client:
    """Who calls: the issuer as the settings name it, and the tenant if the token has one.

    `location` is where its users are, if the settings tell it.
    """

    issuer: str
    tenant: str | None = None
    location: str | None = None


class Authenticator:
    """Checks tokens against the issuers of the settings; `clock` gives seconds since 1970.

    Signatures are checked on the event loop: one with ES384 takes half a millisecond, and the
    library that checks it does not let other Python code run meanwhile, in a thread or not.
    """

    def __init__(
        self,
        settings: Settings,
        keys: KeySets,
        used: ReplayStore,
        clock: Callable[[], float],
    ) -> None:
        self._issuers = {issuer.iss: issuer for issuer in settings.issuers}
        self._bases = (settings.base_url, *settings.audiences)
        self._settings = settings.tokens
        self._keys = keys
        self._used = used
        self._clock = clock
        self._jws = jwt.PyJWS()

    async def check(self, authorization: Sequence[str], path: str) -> Client:
        """Return who calls an endpoint, by the values of its Authorization headers.

        Raises:
            TokenRefused: There is no token, or it is not taken.
            Refusal: 503 where that cannot be found out now.
        """
        token = _bearer(authorization)
        header = _part(token, 0)
        claims = _part(token, 1)
        issuer = self._issuer(claims)
        algorithm, kid, jku = _header(header, issuer)
        self._check_claims(claims, issuer, path)
        try:
            key = await self._keys.find(issuer, jku, kid)
        except KeysUnavailable:
            title = "the keys that tokens are checked with cannot be had now"
            raise _later(Code.KEYS_UNAVAILABLE, title) from None
        if key is None:
            raise TokenRefused("kid-unknown")
        if algorithm not in key.algorithms:
            raise TokenRefused("algorithm-of-key")
        self._verify(token, algorithm, key)
        await self._use(issuer, claims)
        tenant = claims.get("tenant")
        tenant = tenant if isinstance(tenant, str) else None
        return Client(issuer.iss, tenant, issuer.location_of(tenant))

    def _verify(self, token: str, algorithm: str, key: Key) -> None:
        """See that a token is signed with a key; its header has been read, and is not read anew."""
        signed, _, signature = token.rpartition(".")
        verifier = self._jws.get_algorithm_by_name(algorithm)
        try:
            public = verifier.prepare_key(key.public)
            valid = verifier.verify(signed.encode(), public, _decoded(signature))
        except (jwt.PyJWTError, ValueError):
            valid = False
        if not valid:
            raise TokenRefused("signature")

    def _issuer(self, claims: Mapping[str, object]) -> Issuer:
        name = claims.get("iss")
        issuer = self._issuers.get(name) if isinstance(name, str) else None
        if issuer is None:
            raise TokenRefused("issuer")
        return issuer

    def _check_claims(self, claims: Mapping[str, object], issuer: Issuer, path: str) -> None:
        now, skew = self._clock(), self._settings.clock_skew
        expires, issued = _time(claims, "exp"), _time(claims, "iat")
        if now >= expires + skew:
            raise TokenRefused("expired")
        if issued > now + skew:
            raise TokenRefused("issued-in-the-future")
        if expires <= issued or expires - issued > self._settings.lifetime:
            raise TokenRefused("lifetime")
        if "nbf" in claims and _time(claims, "nbf") > now + skew:
            raise TokenRefused("not-yet")
        audience = claims.get("aud")
        named = audience if isinstance(audience, list) else [audience]
        wanted = {f"{base.rstrip('/')}{path}" for base in self._bases}
        if not any(isinstance(each, str) and each in wanted for each in named):
            raise TokenRefused("audience")
        jti = claims.get("jti")
        if not isinstance(jti, str) or not 0 < len(jti) <= _MOST_ID:
            raise TokenRefused("jti")
        tenant = claims.get("tenant")
        if tenant is not None and not (isinstance(tenant, str) and len(tenant) <= _MOST_ID):
            raise TokenRefused("tenant")
        if issuer.tenants and tenant not in issuer.tenants:
            raise TokenRefused("tenant")

    async def _use(self, issuer: Issuer, claims: Mapping[str, object]) -> None:
        now = self._clock()
        # Until the last moment at which it would still be taken, and no shorter.
        expires = _time(claims, "exp") + self._settings.clock_skew

        use = partial(self._used.use, issuer.iss, str(claims["jti"]), expires=expires, now=now)
        try:
            try:
                # A thread costs more than this mostly takes.
                first = use(wait=False)
            except ReplayStoreBusy:
                # The event loop waits neither for another worker nor for the disk.
                first = await asyncio.to_thread(use)
        except ReplayStoreFull:
            title = "no more tokens can be remembered now"
            raise _later(Code.NOT_READY, title) from None
        if not first:
            raise TokenRefused("replayed")


def _later(code: Code, title: str) -> Refusal:
    return Refusal(503, code, title, headers={"Retry-After": "5"})


def _bearer(authorization: Sequence[str]) -> str:
    if not authorization:
        raise TokenRefused("no-token")
    if len(authorization) > 1:
        raise TokenRefused("several-tokens")
    scheme, _, token = authorization[0].partition(" ")
    token = token.strip()
    if scheme.lower() != "bearer" or not token:
        raise TokenRefused("not-bearer")
    if len(token) > MOST_CHARACTERS or not token.isascii() or token.count(".") != 2:
        raise TokenRefused("malformed")
    return token


def _part(token: str, index: int) -> Mapping[str, object]:
    """Return the header (0) or the claims (1) of a token, not yet to be trusted."""
    try:
        found = parse(_decoded(token.split(".")[index]))
    except (AssessmentError, ValueError):
        raise TokenRefused("malformed") from None
    if not isinstance(found, dict):
        raise TokenRefused("malformed")
    return found


def _decoded(text: str) -> bytes:
    """Return what a part of a token encodes.

    Raises:
        ValueError: It is not how base64url is written, to the last bit.
    """
    found = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    if base64.urlsafe_b64encode(found).rstrip(b"=") != text.rstrip("=").encode():
        raise ValueError("no base64url")
    return found


def _header(header: Mapping[str, object], issuer: Issuer) -> tuple[str, str, str | None]:
    algorithm, kid, jku = header.get("alg"), header.get("kid"), header.get("jku")
    if algorithm not in issuer.algorithms:
        raise TokenRefused("algorithm")
    if str(header.get("typ", "")).upper() != "JWT":
        raise TokenRefused("typ")
    if "crit" in header or "b64" in header:
        raise TokenRefused("crit")
    if not isinstance(kid, str) or not 0 < len(kid) <= _MOST_ID:
        raise TokenRefused("no-kid")
    if jku is not None and jku not in issuer.jku:
        raise TokenRefused("jku")
    return str(algorithm), kid, None if jku is None else str(jku)


def _time(claims: Mapping[str, object], name: str) -> float:
    value = claims.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TokenRefused(name)
    if not 0 < value < 1e11:  # nor infinite, nor no number at all
        raise TokenRefused(name)
    return float(value)
