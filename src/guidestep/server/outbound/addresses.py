"""From the name of a host to the addresses that may be called."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

from guidestep.server.settings import Network

IpAddress = IPv4Address | IPv6Address

Resolver = Callable[[str, int], Awaitable[Sequence[str]]]
"""Looks a host and port up and returns its addresses; raises `OSError` where it has none."""

# Addresses of IPv6 that stand for one of IPv4, which would have to be looked at instead.
_TUNNELS = tuple(
    IPv6Network(text) for text in ("64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32")
)

# For protocols and relays alone (RFC 6890, RFC 7526); Python takes some of them as public.
_RESERVED = (IPv4Network("192.0.0.0/24"), IPv4Network("192.88.99.0/24"))

_NOT_PUBLIC: tuple[Network, ...] = (*_TUNNELS, *_RESERVED)


class AddressRefused(Exception):  # noqa: N818 (not a fault)
    """A host has an address that may not be called."""


async def resolve(host: str, port: int) -> Sequence[str]:
    """Return the addresses of a host, as the system finds them."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(each[4][0]) for each in found]


def callable_addresses(found: Sequence[str], networks: Sequence[Network]) -> tuple[str, ...]:
    """Return addresses that may be called, in their order.

    Without networks they must be on the public internet; with networks, in one of them.

    >>> callable_addresses(["93.184.215.14"], ())
    ('93.184.215.14',)
    >>> callable_addresses(["169.254.169.254"], ())
    Traceback (most recent call last):
    ...
    guidestep.server.outbound.addresses.AddressRefused

    Raises:
        AddressRefused: One of them is not: no server that is meant has such an address besides.
    """
    addresses = [_plain(each) for each in found]
    if not addresses or not all(_may_be_called(each, networks) for each in addresses):
        raise AddressRefused
    return tuple(dict.fromkeys(str(each) for each in addresses))


def _plain(text: str) -> IpAddress:
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        raise AddressRefused from None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address


def _may_be_called(address: IpAddress, networks: Sequence[Network]) -> bool:
    if networks:
        # Membership is false, and no error, where the versions differ.
        return any(address in network for network in networks)
    if any(address in each for each in _NOT_PUBLIC):
        return False
    if isinstance(address, IPv6Address) and address.is_site_local:
        return False  # private, though long given up
    return address.is_global and not address.is_multicast and not address.is_reserved
