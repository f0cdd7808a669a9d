"""What a service is told: guidelines, clients, servers it may ask, where it logs, its limits."""

from __future__ import annotations

import os
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Annotated, Literal, TypeAlias
from urllib.parse import parse_qsl, urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from guidestep.interop.fhir.canonical import EXAMPLE_BASE
from guidestep.server.origins import Address, AddressError

_FROZEN = ConfigDict(frozen=True, extra="forbid")

HOOKS: tuple[str, ...] = ("patient-view", "order-select", "order-sign", "encounter-start")
"""The hooks that a service answers unless it is told otherwise."""

Hook: TypeAlias = Literal["patient-view", "order-select", "order-sign", "encounter-start"]

Algorithm: TypeAlias = Literal[
    "ES256", "ES384", "ES512", "RS256", "RS384", "RS512", "PS256", "PS384", "PS512"
]
"""Signatures with a public key; neither `none` nor a shared secret (HS256, ...) can be named."""

Network: TypeAlias = IPv4Network | IPv6Network


def _address(text: str) -> str:
    try:
        address = Address.of(text)
    except AddressError as error:
        raise ValueError(str(error)) from None
    if not address.is_private_to_the_wire:
        raise ValueError("it must be https; http is for loopback addresses only")
    return str(address)


def _origin(text: str) -> str:
    if Address.of(text).path:
        raise ValueError("an origin is scheme, host and port, with no path")
    return text


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError("there is no such time zone; write it as Europe/Vienna") from None
    return name


Url: TypeAlias = Annotated[str, AfterValidator(_address)]
Origin: TypeAlias = Annotated[str, AfterValidator(_address), AfterValidator(_origin)]
Zone: TypeAlias = Annotated[str, AfterValidator(_zone)]
Name: TypeAlias = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]
Text: TypeAlias = Annotated[str, Field(min_length=1, max_length=500)]


class GuidelineServed(BaseModel):
    """One guideline and how it is offered."""

    model_config = _FROZEN

    guideline: Text
    """The id of a guideline that comes with the package, or a folder."""
    id: Name | None = None
    """The name in URLs; the guideline's own id if none is given."""
    profile: str | None = None
    """Which assumptions are on; the guideline's default if none is given."""
    hooks: Annotated[tuple[Hook, ...], Field(min_length=1)] = HOOKS  # type: ignore[assignment]
    mapping: Path | None = None
    """The mapping from FHIR, if it is not `fhir.yaml` beside the guideline."""
    usage_requirements: Annotated[str, Field(max_length=2000)] | None = None


class Issuer(BaseModel):
    """A client that may call: the `iss` of its tokens, and where its public keys are."""

    model_config = _FROZEN

    iss: Text
    jku: tuple[Url, ...] = ()
    """The addresses of its JWKS that a token may name in `jku`; the first is used if none does."""
    jwks_file: Path | None = None
    """A file with its JWKS, which is then used instead of any address."""
    algorithms: Annotated[tuple[Algorithm, ...], Field(min_length=1)] = ("ES384", "RS384")
    tenants: tuple[Text, ...] = ()
    """The values that `tenant` may have; if there are any, a token must name one."""
    location: Text | None = None
    """Where its users are, such as `Location/2`: it is recorded with each decision."""
    tenant_locations: dict[Text, Text] = Field(default_factory=dict)
    """The same for a tenant, where that is elsewhere."""
    networks: tuple[Network, ...] = ()
    """Networks in which the host of `jku` may be, if it is not on the public internet."""

    @model_validator(mode="after")
    def _has_keys(self) -> Issuer:
        if not self.jku and self.jwks_file is None:
            raise ValueError("give jku or jwks_file: without keys no token can be checked")
        if unknown := [name for name in self.tenant_locations if name not in self.tenants]:
            raise ValueError(f"tenant_locations: '{unknown[0]}' is none of the tenants")
        return self

    def location_of(self, tenant: str | None) -> str | None:
        """Return where the users of a tenant are, as far as that is known."""
        return self.tenant_locations.get(tenant or "", self.location)


class FhirServer(BaseModel):
    """A FHIR server that may be asked for what a client did not send along."""

    model_config = _FROZEN

    base: Url
    networks: tuple[Network, ...] = ()
    """Networks in which its host may be, if it is not on the public internet."""


class Secret(BaseModel):
    """Something that does not stand in the settings: the variable or the file that holds it."""

    model_config = _FROZEN

    environment: Name | None = None
    file: Path | None = None

    @model_validator(mode="after")
    def _one_place(self) -> Secret:
        if (self.environment is None) == (self.file is None):
            raise ValueError("give either environment or file")
        return self

    def read(self) -> str:
        """Return the secret, without white space around it.

        Raises:
            LookupError: The variable is not set or empty, or the file cannot be read.
        """
        if self.file is None:
            found = os.environ.get(self.environment or "", "").strip()
            place = f"the environment variable {self.environment}"
        else:
            place = f"the file {self.file}"
            try:
                found = self.file.read_text(encoding="utf-8").strip()
            except (OSError, UnicodeDecodeError):
                raise LookupError(f"{place} cannot be read") from None
        if not found:
            raise LookupError(f"{place} is not set or empty")
        return found


class Log(BaseModel):
    """Where decisions are recorded."""

    model_config = _FROZEN

    url: Text | None = None
    """The database, such as `sqlite:///decisions.db`; a password does not stand in it."""
    secret_url: Secret | None = None
    """Where the address of the database is, if there is a password in it."""
    key: Secret | None = None
    """Where the key is with which records are hashed; without one anybody can hash."""
    required: bool = True
    """Whether a decision that cannot be recorded is not given."""
    keep_input: bool = False
    """Whether the assessment itself is recorded, not its digest alone."""
    encounter: bool = False
    """Whether the Encounter is asked for where a hook always names one, to record where it is."""

    @model_validator(mode="after")
    def _one_address(self) -> Log:
        if (self.url is None) == (self.secret_url is None):
            raise ValueError("give either url or secret_url")
        if self.url is not None and _has_password(self.url):
            raise ValueError("a password does not stand here: use secret_url")
        return self

    def address(self) -> str:
        """Return the address of the database.

        Raises:
            LookupError: It stands elsewhere, and is not there.
        """
        return self.url or "" if self.secret_url is None else self.secret_url.read()


def _has_password(url: str) -> bool:
    try:
        parts = urlsplit(url)
        named = {name.lower() for name, _ in parse_qsl(parts.query, keep_blank_values=True)}
        return parts.password is not None or any("password" in name for name in named)
    except ValueError:
        return True


class Limits(BaseModel):
    """What one request may cost; sizes in bytes, times in seconds."""

    model_config = _FROZEN

    body: Annotated[int, Field(ge=1_000, le=100_000_000)] = 2_000_000
    body_seconds: Annotated[float, Field(gt=0, le=300)] = 10.0
    header_seconds: Annotated[float, Field(gt=0, le=300)] = 10.0
    depth: Annotated[int, Field(ge=8, le=200)] = 64
    batch: Annotated[int, Field(ge=1, le=1000)] = 100
    fetch_seconds: Annotated[float, Field(gt=0, le=60)] = 4.0
    """For all that is fetched to answer one request."""
    read_seconds: Annotated[float, Field(gt=0, le=60)] = 2.0
    """For a server to send the next bytes, or to take a connection."""
    fetch_bytes: Annotated[int, Field(ge=1_000, le=100_000_000)] = 4_000_000
    """For all that is fetched to answer one request, after decompression."""
    pages: Annotated[int, Field(ge=1, le=100)] = 10
    resources: Annotated[int, Field(ge=1, le=100_000)] = 2_000
    fetches_at_once: Annotated[int, Field(ge=1, le=32)] = 6
    log_seconds: Annotated[float, Field(gt=0, le=60)] = 5.0
    """For a decision to be recorded."""


class Tokens(BaseModel):
    """How long a client's token holds; times in seconds."""

    model_config = _FROZEN

    clock_skew: Annotated[float, Field(ge=0, le=300)] = 30.0
    lifetime: Annotated[float, Field(gt=0, le=3600)] = 300.0
    """From `iat` to `exp`, at most."""
    keys_fresh: Annotated[float, Field(ge=1, le=86_400)] = 600.0
    """After this, the keys of an issuer are fetched again."""
    keys_kept: Annotated[float, Field(ge=1, le=86_400)] = 3600.0
    """After this, keys that could not be fetched again are not used any more."""
    keys_interval: Annotated[float, Field(ge=1, le=3600)] = 30.0
    """The least time between two fetches from one address, whatever tokens say."""
    replay_store: Path | None = None
    """The file in which used tokens are remembered, shared by all workers of this machine."""
    replay_entries: Annotated[int, Field(ge=1000, le=10_000_000)] = 500_000
    """How many tokens are remembered in memory; beyond it calls are refused."""


class Tls(BaseModel):
    """The certificate of the service itself, where no proxy before it has one."""

    model_config = _FROZEN

    certificate: Path
    key: Path


class Settings(BaseModel):
    """Everything a service is told. Read from a file by `settings_file.read_settings`.

    >>> Settings(dev=True).guidelines[0].guideline
    'cervical-spasm-opll'
    >>> Settings(base_url="http://cds.example.org", dev=True)  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ...
    pydantic_core._pydantic_core.ValidationError: 1 validation error for Settings
    base_url
      Value error, it must be https; http is for loopback addresses only ...
    """

    model_config = _FROZEN

    guidelines: Annotated[tuple[GuidelineServed, ...], Field(min_length=1)] = (
        GuidelineServed(guideline="cervical-spasm-opll"),
    )
    base_url: Url = "http://127.0.0.1:8000"
    """The address under which clients reach the service."""
    audiences: tuple[Url, ...] = ()
    """Further addresses under which they do; a token is for one of them."""
    issuers: tuple[Issuer, ...] = ()
    fhir_servers: tuple[FhirServer, ...] = ()
    certificate_authorities: Path | None = None
    """A file of authorities (PEM) to trust beside those of the system, as of a hospital's own."""
    canonical: Annotated[str, Field(pattern=r"^https?://[^\s?#]+[^\s?#/]$")] = EXAMPLE_BASE
    """The base of the addresses of local codes and of what is published, without a slash."""
    cors_origins: tuple[Origin, ...] = ()
    location: Text | None = None
    """Where decisions are given, recorded where neither an issuer nor an Encounter tells it."""
    log: Log | None = None
    limits: Limits = Limits()
    tokens: Tokens = Tokens()
    tls: Tls | None = None
    metrics: bool = True
    """Whether `/metrics` is there; it has no authentication of its own."""
    time_zone: Zone = "UTC"
    """In which day it is when a patient is seen."""
    dev: bool = False
    """For a developer's own machine: no tokens are asked for, and no log is needed."""

    @model_validator(mode="after")
    def _is_whole(self) -> Settings:
        names = [served.id or served.guideline for served in self.guidelines]
        if len(set(names)) < len(names):
            raise ValueError("two guidelines have the same id; give each its own")
        if len({issuer.iss for issuer in self.issuers}) < len(self.issuers):
            raise ValueError("an issuer is listed twice")
        if self.dev:
            return self
        if not self.issuers:
            raise ValueError("there are no issuers: nobody could call; list them, or use --dev")
        if self.log is None:
            raise ValueError(
                "there is no log; give one, and 'required: false' if answers may go unrecorded"
            )
        return self

    @property
    def zone(self) -> ZoneInfo:
        """The time zone of the site."""
        return ZoneInfo(self.time_zone)
