"""The public keys of clients: from a file, or fetched from an address that the settings list.

Keys are fetched when they are first needed, again when they are old, and for a key id that is not
among them; but never twice within an interval, whatever tokens say. Only public keys for
signatures are taken, and only with the curve or length that goes with the algorithm.
"""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import (
    SECP256R1,
    SECP384R1,
    SECP521R1,
    EllipticCurve,
    EllipticCurvePublicKey,
    EllipticCurvePublicNumbers,
)
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey, RSAPublicNumbers

from guidestep.assessment import AssessmentError
from guidestep.assessment.json_text import parse
from guidestep.server.settings import Issuer, Tokens

PublicKey = EllipticCurvePublicKey | RSAPublicKey

MOST_KEYS = 100
_RSA_BITS = (2048, 8192)
_CURVES: Mapping[str, type[EllipticCurve]] = {
    "P-256": SECP256R1,
    "P-384": SECP384R1,
    "P-521": SECP521R1,
}
_CURVE_OF: Mapping[str, str] = {"ES256": "P-256", "ES384": "P-384", "ES512": "P-521"}

Fetch = Callable[[str, Issuer], Awaitable[bytes]]
"""Returns what stands at the address of a key set, within bounds, or raises `KeysUnavailable`."""


class KeysUnavailable(RuntimeError):  # noqa: N818 (a state)
    """The keys of an issuer cannot be had now; its tokens can be neither taken nor refused."""


@dataclass(frozen=True, slots=True)
class Key:
    """A public key and the algorithms that may be used with it."""

    public: PublicKey
    algorithms: frozenset[str]


def read_key_set(text: bytes | str) -> dict[str, Key]:
    """Return the usable keys of a JWKS by their ids; others are left out.

    Raises:
        ValueError: It is no JWKS.
    """
    try:
        found = parse(text)
    except AssessmentError:
        raise ValueError("it is no JSON") from None
    listed = found.get("keys") if isinstance(found, dict) else None
    if not isinstance(listed, list) or len(listed) > MOST_KEYS:
        raise ValueError(f"it is no JWKS of at most {MOST_KEYS} keys")
    keys: dict[str, Key] = {}
    twice: set[str] = set()
    for each in listed:
        key = _key(each) if isinstance(each, dict) else None
        if key is None:
            continue
        name = str(each["kid"])
        # An id that is there twice names neither key.
        twice |= {name} & keys.keys()
        keys[name] = key
    return {name: key for name, key in keys.items() if name not in twice}


def _key(entry: Mapping[str, object]) -> Key | None:
    name, use, operations = entry.get("kid"), entry.get("use", "sig"), entry.get("key_ops")
    if not isinstance(name, str) or not name or use != "sig":
        return None
    if operations is not None and not (isinstance(operations, list) and "verify" in operations):
        return None
    try:
        public, algorithms = _public(entry)
    except (ValueError, KeyError, TypeError, UnsupportedAlgorithm):
        return None
    if "alg" in entry:
        algorithms &= {str(entry["alg"])}
    return Key(public, algorithms) if algorithms else None


def _public(entry: Mapping[str, object]) -> tuple[PublicKey, frozenset[str]]:
    """Return the key; symmetric keys, and any other kind, are a KeyError."""
    match entry.get("kty"):
        case "EC":
            curve = str(entry["crv"])
            numbers = EllipticCurvePublicNumbers(
                _number(entry["x"]), _number(entry["y"]), _CURVES[curve]()
            )
            fitting = frozenset(name for name, each in _CURVE_OF.items() if each == curve)
            # It is checked here that the point lies on the curve.
            return numbers.public_key(), fitting
        case "RSA":
            key = RSAPublicNumbers(_number(entry["e"]), _number(entry["n"])).public_key()
            if not _RSA_BITS[0] <= key.key_size <= _RSA_BITS[1]:
                raise ValueError("an RSA key of that length is not used")
            sizes = ("256", "384", "512")
            return key, frozenset(f"{kind}{size}" for kind in ("RS", "PS") for size in sizes)
        case _:
            raise KeyError("kty")


def _number(text: object) -> int:
    if not isinstance(text, str) or len(text) > 2000:
        raise ValueError("no number")
    padded = text + "=" * (-len(text) % 4)
    return int.from_bytes(base64.b64decode(padded, altchars=b"-_", validate=True), "big")


@dataclass(slots=True)
class _Held:
    """What is known of one address."""

    keys: dict[str, Key] = field(default_factory=dict)
    fetched: float | None = None
    tried: float | None = None
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)


class KeySets:
    """The keys of all issuers. Times are those of `monotonic`, in seconds."""

    def __init__(self, settings: Tokens, fetch: Fetch, monotonic: Callable[[], float]) -> None:
        self._settings = settings
        self._fetch = fetch
        self._monotonic = monotonic
        self._held: dict[str, _Held] = {}
        self._files: dict[Path, dict[str, Key]] = {}

    def load(self, issuer: Issuer) -> None:
        """Read the file of an issuer's keys, if it has one.

        Raises:
            ValueError: The file cannot be read, or has no key that could be used.
        """
        file = issuer.jwks_file
        if file is None:
            return
        try:
            keys = read_key_set(file.read_bytes())
        except OSError as error:
            raise ValueError(f"{file} cannot be read: {error.strerror or 'unknown'}") from None
        except ValueError as error:
            raise ValueError(f"{file}: {error}") from None
        if not any(key.algorithms & set(issuer.algorithms) for key in keys.values()):
            raise ValueError(f"{file} has no key for {', '.join(issuer.algorithms)}")
        self._files[file] = keys

    async def find(self, issuer: Issuer, jku: str | None, kid: str) -> Key | None:
        """Return the key of an id, or None where the issuer has none of that id.

        `jku` is one of the issuer's addresses, or None.

        Raises:
            KeysUnavailable: The keys were never had, or too long ago, and cannot be fetched.
        """
        if issuer.jwks_file is not None:
            return self._files[issuer.jwks_file].get(kid)
        address = issuer.jku[0] if jku is None else jku
        held = self._held.setdefault(address, _Held())
        if not self._needs_fetch(held, kid):
            return held.keys.get(kid)
        async with held.lock:
            # Whoever waited finds what the first one fetched.
            if self._needs_fetch(held, kid):
                await self._refresh(held, address, issuer)
        if held.fetched is None or self._age(held.fetched) > self._settings.keys_kept:
            raise KeysUnavailable
        return held.keys.get(kid)

    def _age(self, then: float) -> float:
        return self._monotonic() - then

    def _needs_fetch(self, held: _Held, kid: str) -> bool:
        if held.tried is not None and self._age(held.tried) < self._settings.keys_interval:
            # Too soon, unless nothing at all could be said otherwise: then it is unavailable.
            return held.fetched is None or self._age(held.fetched) > self._settings.keys_kept
        if held.fetched is None or self._age(held.fetched) > self._settings.keys_fresh:
            return True
        return kid not in held.keys

    async def _refresh(self, held: _Held, address: str, issuer: Issuer) -> None:
        if held.tried is not None and self._age(held.tried) < self._settings.keys_interval:
            return
        held.tried = self._monotonic()
        try:
            keys = read_key_set(await self._fetch(address, issuer))
        except (KeysUnavailable, ValueError, json.JSONDecodeError):
            return  # what was fetched before holds, while it is not too old
        held.keys, held.fetched = keys, self._monotonic()
