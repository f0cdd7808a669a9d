"""A long run of calls from the OpenAPI document: `python -m tests.server.schemathesis_run N`.

N is how many calls are drawn for each operation; a second number is the seed.
"""

from __future__ import annotations

import logging
import sys
import tempfile
import time
from pathlib import Path

from tests.server.clients import Client
from tests.server.schema_run import application, run


def main(examples: int, seed: int = 1) -> int:
    """Call the application without and with tokens; return 1 where anything is at fault."""
    logging.disable()
    faults = 0
    for name, client in (("in development", None), ("with tokens", Client())):
        with tempfile.TemporaryDirectory() as folder:
            start = time.perf_counter()
            app = application(Path(folder), dev=client is None)
            found = run(app, examples=examples, seed=seed, client=client)
            print(f"{name}, {time.perf_counter() - start:.0f} s: {found}\n", flush=True)
            faults += len(found.faults) + len(found.errors)
    return int(faults > 0)


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:3])))
