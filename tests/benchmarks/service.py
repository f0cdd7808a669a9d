"""What a CDS Hooks service stands: `python tests/benchmarks/service.py`.

A real `guidestep serve` on loopback, with signed tokens and a decision log in SQLite, is called by
a client on the same machine for patients of whom no two are alike. Every answer is held against
what the library says for that patient; the memory of the processes is read before and after. A
service that knows nothing (`bare.py`) is called before and after, as a yardstick of the machine.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import secrets
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from uuid import uuid4

import jwt
import yaml
from cryptography.hazmat.primitives.asymmetric import ec, rsa

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

import guidestep  # noqa: E402
from guidestep.decision_log import DecisionLog  # noqa: E402
from guidestep.interop.cds_hooks import Served, parse_request, respond  # noqa: E402
from guidestep.interop.fhir import load_mapping, outgoing  # noqa: E402
from tests.benchmarks import load  # noqa: E402
from tests.benchmarks.single import patients  # noqa: E402

ID = "cervical-spasm-opll"
PATH = f"/cds-services/{ID}"
ISSUER = "https://ehr.example"


def _today() -> date:
    return datetime.now(UTC).date()


def calls(count: int) -> list[dict[str, object]]:
    """Return calls of patient-view for patients who are seen today, with what is prefetched."""
    guideline = guidestep.load(ID)
    found: list[dict[str, object]] = []
    for number, data in enumerate(patients(count)):
        seen = guideline.model.read(data)
        visit = seen.value("encounter.assessment_date")
        assert isinstance(visit, date)
        later = _today() - visit
        moved: dict[str, object] = json.loads(json.dumps(seen.to_dict()))
        for path in guideline.model.fields():
            value = seen.value(path)
            if isinstance(value, date):
                section, _, name = path.partition(".")
                part = moved[section]
                assert isinstance(part, dict)
                part[name] = (value + later).isoformat()
        subject = f"p{number}"
        context = outgoing.Context(guideline, subject=f"Patient/{subject}", when=datetime.now(UTC))
        answers = outgoing.assessment_response(guideline.model.read(moved), context)
        empty = {"resourceType": "Bundle", "type": "searchset", "total": 0}
        bundle = {**empty, "total": 1, "entry": [{"fullUrl": "urn:uuid:" + str(uuid4())}]}
        bundle["entry"][0]["resource"] = answers  # type: ignore[index]
        prefetch: dict[str, object] = dict.fromkeys(load_mapping(guideline).queries(), empty)
        prefetch["patient"] = {"resourceType": "Patient", "id": subject}
        prefetch["answers"] = bundle
        found.append(
            {
                "hook": "patient-view",
                "hookInstance": str(uuid4()),
                "context": {"userId": "Practitioner/1", "patientId": subject},
                "prefetch": prefetch,
            }
        )
    return found


def plain(cards: object) -> str:
    """Return cards as JSON without the ids that are made anew for each answer."""
    if isinstance(cards, Mapping):
        kept = {k: json.loads(plain(v)) for k, v in cards.items() if k not in ("uuid", "id")}
        kept.pop("authoredOn", None)  # the moment of the answer
        return json.dumps(kept, sort_keys=True)
    if isinstance(cards, list):
        return json.dumps([json.loads(plain(each)) for each in cards])
    return json.dumps(cards)


def expected(given: list[dict[str, object]], base_url: str) -> list[str]:
    """Return what the library answers to each call."""
    guideline = guidestep.load(ID)
    served = Served(ID, guideline, load_mapping(guideline), base_url=base_url)
    answers = []
    for raw in given:
        asked = parse_request(raw, served.hooks)
        prefetch = raw["prefetch"]
        assert isinstance(prefetch, dict)
        answers.append(plain(respond(asked, served, prefetch, on=_today()).body))
    return answers


class Signer:
    """Signs tokens as a client does, with one of the two algorithms that the standard names."""

    def __init__(self, algorithm: str = "ES384") -> None:
        self.algorithm = algorithm
        self.key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey
        if algorithm == "ES384":
            self.key = ec.generate_private_key(ec.SECP384R1())
            public = jwt.algorithms.ECAlgorithm.to_jwk(self.key.public_key())
        else:
            self.key = rsa.generate_private_key(65537, 2048)
            public = jwt.algorithms.RSAAlgorithm.to_jwk(self.key.public_key())
        self.keys = {"keys": [{**json.loads(public), "kid": "1", "alg": algorithm, "use": "sig"}]}

    def token(self, audience: str) -> str:
        now = int(time.time())
        claims = {"iss": ISSUER, "aud": audience, "iat": now, "exp": now + 290}
        claims["jti"] = secrets.token_hex(16)
        headers = {"kid": "1", "typ": "JWT"}
        return jwt.encode(claims, self.key, algorithm=self.algorithm, headers=headers)


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port


@contextmanager
def serving(folder: Path, signer: Signer | None, workers: int) -> Iterator[tuple[int, int]]:
    """Run a service; yield its port and the id of its process."""
    port = _free_port()
    settings: dict[str, object] = {
        "base_url": f"http://127.0.0.1:{port}",
        "log": {"url": f"sqlite:///{folder / 'decisions.db'}"},
        "tokens": {"replay_store": str(folder / "used.db")},
    }
    options = ["--dev"]
    if signer is not None:
        (folder / "keys.json").write_text(json.dumps(signer.keys))
        settings["issuers"] = [{"iss": ISSUER, "jwks_file": str(folder / "keys.json")}]
        options = []
    (folder / "settings.yaml").write_text(yaml.safe_dump(settings))
    command = [str(Path(sys.executable).parent / "guidestep"), "serve", "--port", str(port)]
    command += ["--settings", str(folder / "settings.yaml"), "--workers", str(workers), *options]
    with _started(command, port, folder) as pid:
        yield port, pid


@contextmanager
def bare(folder: Path, workers: int) -> Iterator[tuple[int, int]]:
    """Run the service that knows nothing; yield its port and the id of its process."""
    port = _free_port()
    command = [sys.executable, "-m", "uvicorn", "tests.benchmarks.bare:app", "--port", str(port)]
    command += ["--workers", str(workers), "--no-access-log", "--log-level", "warning"]
    with _started(command, port, folder) as pid:
        yield port, pid


@contextmanager
def _started(command: list[str], port: int, folder: Path) -> Iterator[int]:
    with (folder / "log.txt").open("w") as log:
        process = subprocess.Popen(command, stderr=log, stdout=log, cwd=ROOT)
    try:
        _await(port, process, folder / "log.txt")
        yield process.pid
    finally:
        process.terminate()
        process.wait(30)


def _await(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    for _ in range(300):
        if process.poll() is not None:
            raise RuntimeError(log.read_text()[-2000:])
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/ready", timeout=2) as answer:
                if answer.status == 200:
                    return
        except OSError:
            time.sleep(0.1)
    raise RuntimeError("the service does not get ready")


def memory(pid: int) -> float:
    """Return the resident memory of a process and its children, in MB."""
    total = 0.0
    for each in (pid, *_children(pid)):
        for line in Path(f"/proc/{each}/status").read_text().splitlines():
            if line.startswith("VmRSS"):
                total += int(line.split()[1]) / 1024
    return total


def processor(pid: int) -> float:
    """Return the processor time of a process and its children so far, in seconds."""
    total = 0
    for each in (pid, *_children(pid)):
        fields = Path(f"/proc/{each}/stat").read_text().rpartition(")")[2].split()
        total += int(fields[11]) + int(fields[12])
    return total / os.sysconf("SC_CLK_TCK")


def _children(pid: int) -> list[int]:
    found = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [each for one in found for each in (int(one), *_children(int(one)))]


def measure(
    title: str,
    port: int,
    pid: int,
    bodies: list[bytes],
    right: list[str],
    signer: Signer | None,
    *,
    count: int,
    connections: int,
    rate: float | None = None,
) -> None:
    """Send calls and tell how many a second were answered, how late, and how many were wrong."""
    url = f"http://127.0.0.1:{port}{PATH}"
    heads: dict[int, bytes] = {}
    sent: list[bytes] = []
    for number in range(count):
        at = number % len(bodies)
        if signer is not None:
            sent.append(load.request(PATH, bodies[at], token=signer.token(url)))
        else:
            heads.setdefault(at, load.request(PATH, bodies[at]))
            sent.append(heads[at])
    before, busy, own = memory(pid), processor(pid), time.process_time()
    out = asyncio.run(load.run(load.Target(port), sent, connections=connections, rate=rate))
    after, count = memory(pid), len(out.answers)
    spent = 1000 * (processor(pid) - busy) / count
    asking = 1000 * (time.process_time() - own) / count
    others = dict(Counter(status for _, status, _, _ in out.answers if status != 200))
    wrong = sum(
        status == 200 and plain(json.loads(body)) != right[number % len(right)]
        for number, status, body, _ in out.answers
    )
    late = ", ".join(f"{share:.0%} {out.latency(share):.1f}" for share in (0.5, 0.95, 0.99))
    print(
        f"{title}: {len(out.answers)} answers, {out.rate:.0f} a second; latency {late} ms; "
        f"{spent:.2f} ms of processor an answer (the client {asking:.2f}); "
        f"{sum(others.values())} refused {others or ''}, {wrong} wrong; "
        f"memory {before:.0f} MB before, {after:.0f} MB after",
        flush=True,
    )


def yardstick(bodies: list[bytes], workers: int) -> None:
    """Tell how many a second the service that knows nothing answers."""
    sent = [load.request(PATH, bodies[number % len(bodies)]) for number in range(5000)]
    with tempfile.TemporaryDirectory() as text, bare(Path(text), workers) as (port, _):
        asyncio.run(load.run(load.Target(port), sent[:500], connections=8))
        out = asyncio.run(load.run(load.Target(port), sent, connections=16))
    print(f"a service that knows nothing: {out.rate:.0f} a second", flush=True)


def main(options: argparse.Namespace) -> None:
    """Run the whole measurement."""
    given = calls(options.patients)
    bodies = [json.dumps(each).encode() for each in given]
    yardstick(bodies, options.workers)
    print(f"{len(bodies)} patients, {sum(map(len, bodies)) / len(bodies) / 1000:.1f} kB a call")
    for tokens in options.tokens:
        signer = None if tokens == "none" else Signer(tokens)
        name = "without tokens" if signer is None else f"with {tokens}"
        with tempfile.TemporaryDirectory() as text:
            folder = Path(text)
            with serving(folder, signer, options.workers) as (port, pid):
                right = expected(given, f"http://127.0.0.1:{port}")
                told = (port, pid, bodies, right, signer)
                measure(f"{name}, first", *told, count=500, connections=8)
                measure(
                    f"{name}, at 200 a second", *told, count=options.paced, connections=32, rate=200
                )
                measure(f"{name}, as fast as can be", *told, count=options.count, connections=16)
                if tokens == options.tokens[-1]:
                    for part in range(options.long // 10_000):
                        title = f"{name}, {(part + 1) * 10_000} answers"
                        measure(title, *told, count=10_000, connections=16)
            with DecisionLog.open(f"sqlite:///{folder / 'decisions.db'}") as log:
                print(f"{log.head()} is the last record", flush=True)
    yardstick(bodies, options.workers)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tokens", nargs="+", default=["ES384", "RS384", "none"])
    parser.add_argument("--patients", type=int, default=120)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--paced", type=int, default=4000)
    parser.add_argument("--count", type=int, default=5000)
    parser.add_argument("--long", type=int, default=0)
    main(parser.parse_args())
