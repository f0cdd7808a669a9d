"""Addresses of other servers: what part of one must be the same for it to be the one allowed."""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import SplitResult, urlsplit

_PORTS = {"https": 443, "http": 80}
# What a browser or a proxy could take for something else: spaces, controls, backslashes.
_PLAIN = re.compile(r"[\x21-\x5b\x5d-\x7e]+")
_HOST = re.compile(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?")
_DOTS = re.compile(r"(^|/)(\.|%2e){1,2}(/|$)|%2f|%5c|//", re.IGNORECASE)


class AddressError(ValueError):
    """An address that is none, or one that may not be used."""


@dataclass(frozen=True, slots=True)
class Address:
    """A URL in parts: scheme, host in lower case, port, path without a slash at its end.

    >>> Address.of("https://FHIR.example.org/r4/").within(Address.of("https://fhir.example.org"))
    True
    >>> str(Address.of("https://fhir.example.org:443/r4"))
    'https://fhir.example.org/r4'
    """

    scheme: str
    host: str
    port: int
    path: str = ""
    query: str = ""

    @classmethod
    def of(cls, text: str, *, query: bool = False) -> Address:
        """Return the parts of an absolute URL; it may have a query only if `query` says so.

        Raises:
            AddressError: It is no such URL, or has a user, a fragment, dot segments, encoded or
                empty segments of its path, or a host in other letters than ASCII.
        """
        if not isinstance(text, str) or not _PLAIN.fullmatch(text):
            raise AddressError("it is no absolute URL")
        try:
            parts = urlsplit(text)
            port = parts.port
            host = (parts.hostname or "").lower()
        except ValueError:
            raise AddressError("it is no absolute URL") from None
        scheme = parts.scheme.lower()
        if scheme not in _PORTS or not host or "#" in text:
            raise AddressError("it must be an absolute https URL without a fragment")
        if parts.query and not query:
            raise AddressError("it must have no query")
        if "@" in parts.netloc:
            raise AddressError("it must not name a user")
        if _DOTS.search(parts.path) or not _is_host(host):
            raise AddressError("its host or path can be read in two ways")
        number = _PORTS[scheme] if port is None else port
        return cls(scheme, host, number, parts.path.rstrip("/"), parts.query)

    @property
    def origin(self) -> tuple[str, str, int]:
        """Scheme, host and port: what must be the same exactly."""
        return self.scheme, self.host, self.port

    @property
    def is_loopback(self) -> bool:
        """Whether the host is written as this machine itself."""
        if self.host == "localhost":
            return True
        try:
            return ip_address(self.host).is_loopback
        except ValueError:
            return False

    @property
    def is_private_to_the_wire(self) -> bool:
        """Whether nobody on the network can read along: https, or this machine itself."""
        return self.scheme == "https" or self.is_loopback

    @property
    def authority(self) -> str:
        """The host, with the port where it is not the usual one, as in the Host header."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _PORTS[self.scheme] else f"{host}:{self.port}"

    def within(self, base: Address) -> bool:
        """Whether this address has the origin of another and lies at its path or below it."""
        if self.origin != base.origin:
            return False
        return self.path == base.path or self.path.startswith(f"{base.path}/")

    def __str__(self) -> str:
        parts = SplitResult(self.scheme, self.authority, self.path, self.query, "")
        return parts.geturl()


def _is_host(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        # Digits and dots alone are an address in some spelling that resolvers accept and
        # this check would not see through.
        last = host.rpartition(".")[2]
        return _HOST.fullmatch(host) is not None and not last.isdigit() and last[:2] != "0x"
    return True
