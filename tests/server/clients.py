"""Clients of the service in tests: their keys and the tokens that they sign."""

from __future__ import annotations

import base64
import json
import uuid
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

NOW = 1_772_445_600.0
"""2026-03-02T10:00:00Z, the time it is in tests."""

BASE = "https://cds.example.org"
ISSUER = "https://ehr.example.org"
SERVICE = "/cds-services/cervical-spasm-opll"
OURS = "k1"


class Clock:
    """A clock that stands still until it is told to go on."""

    def __init__(self, now: float = NOW) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


@cache
def ec_key(name: str = "ehr", curve: type[ec.EllipticCurve] = ec.SECP384R1) -> Any:
    return ec.generate_private_key(curve())


@cache
def rsa_key(name: str = "ehr", bits: int = 2048) -> Any:
    return rsa.generate_private_key(65537, bits)


def jwk(key: Any, kid: str, **more: Any) -> dict[str, Any]:
    """Return the public part of a key as a JWK."""
    kind = jwt.algorithms.ECAlgorithm if hasattr(key, "curve") else jwt.algorithms.RSAAlgorithm
    return {**json.loads(kind.to_jwk(key.public_key())), "kid": kid, **more}


def key_set(*keys: dict[str, Any]) -> bytes:
    return json.dumps({"keys": list(keys)}).encode()


def our_key_set() -> bytes:
    return key_set(jwk(ec_key(), OURS), jwk(rsa_key(), "k2"))


@dataclass
class Client:
    """Signs tokens; what a test wants otherwise it says."""

    now: float = NOW
    issuer: str = ISSUER
    claims: dict[str, Any] = field(default_factory=dict)

    def token(
        self,
        path: str = SERVICE,
        *,
        key: Any = None,
        algorithm: str = "ES384",
        header: dict[str, Any] | None = None,
        without: tuple[str, ...] = (),
        **claims: Any,
    ) -> str:
        told = {
            "iss": self.issuer,
            "aud": f"{BASE}{path}",
            "iat": int(self.now),
            "exp": int(self.now) + 120,
            "jti": str(uuid.uuid4()),
            **self.claims,
            **claims,
        }
        told = {name: value for name, value in told.items() if name not in without}
        head = {"kid": OURS, **(header or {})}
        head = {name: value for name, value in head.items() if name not in without}
        if "typ" in without:
            head["typ"] = None
        return jwt.encode(told, key or ec_key(), algorithm=algorithm, headers=head)

    def headers(self, path: str = SERVICE, **options: Any) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token(path, **options)}"}


def encoded(part: bytes) -> str:
    return base64.urlsafe_b64encode(part).rstrip(b"=").decode()


def raw_token(header: Any, claims: Any, signature: bytes = b"sig") -> str:
    """Return a token put together by hand."""
    parts = [json.dumps(header).encode(), json.dumps(claims).encode(), signature]
    return ".".join(map(encoded, parts))


def public_pem(key: Any) -> bytes:
    pem: bytes = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return pem
