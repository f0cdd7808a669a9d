"""Who may call: a token that a client signs with its own key, once for each call.

Source: CDS Hooks 2.0.1, Trusting CDS Clients; RFC 7515, 7517, 7519 and 8725.
"""

from guidestep.server.authentication.keys import KeySets, KeysUnavailable
from guidestep.server.authentication.replay import ReplayStore, make_replay_store
from guidestep.server.authentication.tokens import Authenticator, Client

__all__ = [
    "Authenticator",
    "Client",
    "KeySets",
    "KeysUnavailable",
    "ReplayStore",
    "make_replay_store",
]
