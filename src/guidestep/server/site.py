"""What an application is made of: guidelines, clients, log and metrics, put together once."""

from __future__ import annotations

import ssl
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import cast

from starlette.requests import Request

from guidestep.guideline import Guideline, SettingError, load, shipped
from guidestep.interop.cds_hooks import Served
from guidestep.interop.fhir.canonical import Canonical
from guidestep.interop.fhir.mapping import load_mapping
from guidestep.language.diagnostics import GuidelineError
from guidestep.server.authentication import Authenticator, KeySets, make_replay_store
from guidestep.server.authentication.keys import Fetch, KeysUnavailable
from guidestep.server.authentication.replay import ReplayStore
from guidestep.server.metrics import Metrics
from guidestep.server.origins import Address
from guidestep.server.outbound import Budget, Fetcher, FetchFailed
from guidestep.server.recording import Recorder, opening
from guidestep.server.refusals import Code, Refusal
from guidestep.server.settings import GuidelineServed, Issuer, Settings
from guidestep.server.settings_file import SettingsError

_KEY_SET_BYTES = 200_000
_KEY_SET_TYPES = ("application/json", "application/jwk-set+json")


@dataclass(frozen=True)
class Site:
    """The parts of one application; `clock` gives seconds since 1970."""

    settings: Settings
    served: Mapping[str, Served]
    fetcher: Fetcher
    used: ReplayStore
    authenticator: Authenticator
    recorder: Recorder
    metrics: Metrics
    clock: Callable[[], float]

    @classmethod
    def of(
        cls,
        settings: Settings,
        *,
        fetcher: Fetcher | None = None,
        clock: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> Site:
        """Return the site of some settings: guidelines and keys are read, nothing is called yet.

        Raises:
            SettingsError: A guideline, a mapping or a file of keys cannot be used; all are named.
        """
        metrics = Metrics()
        fetch = fetcher or Fetcher(
            read_seconds=settings.limits.read_seconds,
            verify=_trusted(settings.certificate_authorities),
            counted=metrics.fetched,
        )
        keys = KeySets(settings.tokens, _fetch_keys(fetch), monotonic)
        faults: list[str] = []
        served: dict[str, Served] = {}
        for each in settings.guidelines:
            try:
                found = _served(each, settings)
                served[found.id] = found
            except (SettingError, GuidelineError, OSError, LookupError, ValueError) as error:
                faults.append(f"guideline {each.guideline}: {error}")
        for issuer in settings.issuers:
            try:
                keys.load(issuer)
            except ValueError as error:
                faults.append(f"issuer {issuer.iss}: {error}")
        try:
            open_log = None if settings.log is None else opening(settings.log)
        except LookupError as error:
            faults.append(f"log: {error.args[0]}")
        if faults:
            raise SettingsError(faults)
        used = make_replay_store(settings.tokens)
        required = settings.log is not None and settings.log.required
        return cls(
            settings=settings,
            served=served,
            fetcher=fetch,
            used=used,
            authenticator=Authenticator(settings, keys, used, clock),
            recorder=Recorder(open_log, required=required, limits=settings.limits, metrics=metrics),
            metrics=metrics,
            clock=clock,
        )

    def now(self) -> datetime:
        """Return the time, in UTC."""
        return datetime.fromtimestamp(self.clock(), UTC)

    def today(self) -> date:
        """Return the day it is at the site."""
        return datetime.fromtimestamp(self.clock(), self.settings.zone).date()

    def find(self, id_: str, what: str) -> Served:
        """Return what is served under an id.

        Raises:
            Refusal: 404, nothing is.
        """
        try:
            return self.served[id_]
        except KeyError:
            raise Refusal(404, Code.NOT_FOUND, f"there is no such {what}") from None

    async def close(self) -> None:
        """Write what is to be recorded, and close all connections."""
        await self.recorder.close()
        await self.fetcher.close()
        self.used.close()


def _trusted(file: Path | None) -> ssl.SSLContext:
    """Return what certificates are checked with.

    Raises:
        SettingsError: The file of authorities cannot be read.
    """
    context = ssl.create_default_context()
    if file is not None:
        try:
            context.load_verify_locations(file)
        except (OSError, ssl.SSLError):
            raise SettingsError([f"certificate_authorities: {file} cannot be read"]) from None
    return context


def site_of(request: Request) -> Site:
    """Return the site that a request is made to."""
    return cast("Site", request.app.state.site)


def _served(entry: GuidelineServed, settings: Settings) -> Served:
    guideline = _load(entry.guideline)
    mapping = load_mapping(guideline, entry.mapping, canonical=Canonical(settings.canonical))
    more = (
        {} if entry.usage_requirements is None else {"usage_requirements": entry.usage_requirements}
    )
    served = Served(
        id=entry.id or guideline.id,
        guideline=guideline,
        mapping=mapping,
        profile=entry.profile,
        hooks=entry.hooks,
        base_url=settings.base_url,
        asks_encounter=settings.log is not None and settings.log.encounter,
        **more,
    )
    # Compiled now: the first patient does not wait for it, and a fault is found at the start.
    guideline.compiled(entry.profile)
    return served


def _load(name: str) -> Guideline:
    return load(name if name in shipped() else Path(name))


def _fetch_keys(fetcher: Fetcher) -> Fetch:
    async def fetch(url: str, issuer: Issuer) -> bytes:
        headers = {"Accept": "application/json", "User-Agent": "guidestep"}
        try:
            return await fetcher.get(
                "keys",
                Address.of(url),
                issuer.networks,
                headers,
                _KEY_SET_TYPES,
                Budget(_KEY_SET_BYTES),
            )
        except FetchFailed as failure:
            raise KeysUnavailable(failure.reason) from None

    return fetch
