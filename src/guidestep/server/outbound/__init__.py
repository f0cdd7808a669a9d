"""What the service asks other servers, and the guards around it.

A client names a server and gives a token for it: whoever could make the service call any address
could reach what lies behind it. So only servers that the settings list are called, at addresses
that were looked up and checked first, without redirects or proxies, within time and size.
"""

from guidestep.server.outbound.addresses import AddressRefused, Resolver, resolve
from guidestep.server.outbound.fetch import Budget, Fetcher, FetchFailed
from guidestep.server.outbound.fhir import FhirReader, allowed_server
from guidestep.server.outbound.prefetch import Obtained, obtain

__all__ = [
    "AddressRefused",
    "Budget",
    "FetchFailed",
    "Fetcher",
    "FhirReader",
    "Obtained",
    "Resolver",
    "allowed_server",
    "obtain",
    "resolve",
]
