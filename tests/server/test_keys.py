"""Public keys: which are taken from a key set, and when they are fetched."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given
from hypothesis import strategies as st

from guidestep.server.authentication.keys import KeySets, KeysUnavailable, read_key_set
from guidestep.server.settings import Issuer, Tokens
from tests.server.clients import Clock, ec_key, jwk, key_set, our_key_set, rsa_key

URL = "https://ehr.example.org/jwks.json"
REMOTE = Issuer(iss="a", jku=(URL, "https://ehr.example.org/new.json"))


def one(**changes: Any) -> bytes:
    entry = {**jwk(ec_key(), "k"), **changes}
    return key_set({name: value for name, value in entry.items() if value is not None})


def test_the_keys_of_a_set() -> None:
    keys = read_key_set(our_key_set())
    assert keys["k1"].algorithms == {"ES384"}
    assert "RS384" in keys["k2"].algorithms
    assert "HS384" not in keys["k2"].algorithms


@pytest.mark.parametrize(
    "changes",
    [
        {"kid": None},
        {"kid": ""},
        {"kid": 7},
        {"use": "enc"},
        {"key_ops": ["sign"]},
        {"key_ops": "verify"},
        {"kty": "oct", "k": "c2VjcmV0"},
        {"kty": "OKP", "crv": "Ed25519"},
        {"kty": None},
        {"crv": "P-256"},
        {"crv": "secp256k1"},
        {"x": "AAAA"},
        {"x": "*"},
        {"x": 5},
        {"y": None},
        {"alg": "ES256"},
        {"alg": "none"},
        {"alg": "HS384"},
    ],
    ids=str,
)
def test_keys_that_are_left_out(changes: dict[str, Any]) -> None:
    assert read_key_set(one(**changes)) == {}


def test_short_rsa_keys_are_left_out() -> None:
    assert read_key_set(key_set(jwk(rsa_key("short", 1024), "k"))) == {}


def test_each_curve_goes_with_its_algorithm() -> None:
    keys = read_key_set(key_set(jwk(ec_key("other", ec.SECP256R1), "k")))
    assert keys["k"].algorithms == {"ES256"}


def test_an_id_that_is_there_twice_names_no_key() -> None:
    keys = read_key_set(key_set(jwk(ec_key(), "k"), jwk(rsa_key(), "k"), jwk(rsa_key(), "l")))
    assert list(keys) == ["l"]


@pytest.mark.parametrize(
    "text",
    [b"", b"[]", b"{}", b'{"keys": {}}', b'{"keys": [], "keys": []}', b"<html>", b"\xff", b"NaN"],
)
def test_what_is_no_key_set(text: bytes) -> None:
    with pytest.raises(ValueError, match="it is no J"):
        read_key_set(text)


@given(
    st.recursive(
        st.none() | st.integers() | st.text(),
        lambda x: (
            st.dictionaries(
                st.sampled_from(["keys", "kty", "kid", "crv", "x", "y", "n", "e", "use"]), x
            )
            | st.lists(x)
        ),
    )
)
def test_whatever_comes_is_keys_or_an_error(found: Any) -> None:
    try:
        keys = read_key_set(json.dumps(found))
    except ValueError:
        return
    assert keys == {}


class Server:
    """A server of keys that can be broken and counts its calls."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.keys = our_key_set()
        self.broken = False

    async def fetch(self, url: str, issuer: Issuer) -> bytes:
        self.calls.append(url)
        await asyncio.sleep(0)
        if self.broken:
            raise KeysUnavailable
        return self.keys


@pytest.fixture
def server() -> Server:
    return Server()


@pytest.fixture
def clock() -> Clock:
    return Clock(0.0)


@pytest.fixture
def sets(server: Server, clock: Clock) -> KeySets:
    settings = Tokens(keys_fresh=600, keys_kept=3600, keys_interval=30)
    return KeySets(settings, server.fetch, clock)


async def test_fetched_once(sets: KeySets, server: Server) -> None:
    found = await asyncio.gather(*(sets.find(REMOTE, None, "k1") for _ in range(20)))
    assert all(found)
    assert server.calls == [URL]


async def test_the_address_that_the_token_names(sets: KeySets, server: Server) -> None:
    assert await sets.find(REMOTE, REMOTE.jku[1], "k1")
    assert server.calls == [REMOTE.jku[1]]


async def test_an_unknown_id_makes_no_storm(sets: KeySets, server: Server, clock: Clock) -> None:
    assert await sets.find(REMOTE, None, "k1")
    for number in range(50):
        assert await sets.find(REMOTE, None, f"x{number}") is None
    assert len(server.calls) == 1
    clock.now = 31
    assert await sets.find(REMOTE, None, "y") is None
    assert await sets.find(REMOTE, None, "z") is None
    assert len(server.calls) == 2


async def test_a_new_key_is_found(sets: KeySets, server: Server, clock: Clock) -> None:
    assert await sets.find(REMOTE, None, "new") is None
    server.keys = key_set(jwk(ec_key("new"), "new"))
    clock.now = 31
    assert await sets.find(REMOTE, None, "new")
    assert await sets.find(REMOTE, None, "k1") is None


async def test_old_keys_hold_while_the_server_is_away(
    sets: KeySets, server: Server, clock: Clock
) -> None:
    assert await sets.find(REMOTE, None, "k1")
    server.broken = True
    clock.now = 700
    assert await sets.find(REMOTE, None, "k1")
    clock.now = 3500
    assert await sets.find(REMOTE, None, "k1")
    clock.now = 3700
    with pytest.raises(KeysUnavailable):
        await sets.find(REMOTE, None, "k1")
    server.broken = False
    clock.now = 3731
    assert await sets.find(REMOTE, None, "k1")


async def test_a_server_that_is_away_is_not_stormed(sets: KeySets, server: Server) -> None:
    server.broken = True
    for _ in range(20):
        with pytest.raises(KeysUnavailable):
            await sets.find(REMOTE, None, "k1")
    assert len(server.calls) == 1


@pytest.mark.parametrize("keys", [b"<html>", b"{}", b'{"keys": 1}'])
async def test_a_server_that_sends_no_keys(sets: KeySets, server: Server, keys: bytes) -> None:
    server.keys = keys
    with pytest.raises(KeysUnavailable):
        await sets.find(REMOTE, None, "k1")


async def test_keys_in_a_file(sets: KeySets, server: Server, tmp_path: Path) -> None:
    file = tmp_path / "keys.json"
    file.write_bytes(our_key_set())
    issuer = Issuer(iss="a", jwks_file=file, jku=(URL,))
    sets.load(issuer)
    assert await sets.find(issuer, URL, "k1")
    assert await sets.find(issuer, None, "x") is None
    assert server.calls == []


@pytest.mark.parametrize("text", [b"{}", key_set(), key_set(jwk(ec_key("p", ec.SECP256R1), "k"))])
def test_a_file_without_usable_keys(sets: KeySets, tmp_path: Path, text: bytes) -> None:
    file = tmp_path / "keys.json"
    file.write_bytes(text)
    with pytest.raises(ValueError, match=r"keys\.json"):
        sets.load(Issuer(iss="a", jwks_file=file))
    with pytest.raises(ValueError, match="cannot be read"):
        sets.load(Issuer(iss="a", jwks_file=tmp_path / "gone.json"))
