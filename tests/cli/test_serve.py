"""`guidestep serve`: the whole command, from its start to its end, and what it refuses."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from tests.cli.conftest import Command


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


@contextmanager
def serving(folder: Path, *arguments: str) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """Start the command on a free port, and end it as a service manager does."""
    port = free_port()
    process = subprocess.Popen(
        [
            str(Path(sys.executable).with_name("guidestep")),
            "serve",
            "--port",
            str(port),
            *arguments,
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=folder,
        env={**os.environ, "PYTHONWARNINGS": "error"},
    )
    url = f"http://127.0.0.1:{port}"
    try:
        for _ in range(600):
            try:
                httpx.get(f"{url}/health")
                break
            except httpx.TransportError:
                assert process.poll() is None, process.communicate()[1]
                time.sleep(0.05)
        yield url, process
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        process.stderr.close()


def test_from_start_to_end(tmp_path: Path) -> None:
    with serving(tmp_path, "--dev") as (url, process):
        assert httpx.get(f"{url}/cds-services").json()["services"]
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=30)
    assert process.returncode in (0, -signal.SIGTERM)
    assert out == ""
    assert "guidestep: development: no tokens are asked for" in err
    assert f"guidestep: listening at {url}" in err
    lines = [json.loads(line) for line in err.splitlines() if line.startswith("{")]
    assert lines[0]["event"] == "started"
    assert lines[-1]["event"] == "stopped"
    assert "Traceback" not in err


def test_workers_share_metrics_and_the_log(tmp_path: Path) -> None:
    settings = tmp_path / "service.yaml"
    settings.write_text("log: {url: sqlite:///decisions.db}\n")
    visit = {
        "encounter": {"care_stage": "intake", "assessment_date": "2026-03-02"},
        "neurologic": {
            "gait_instability": "present",
            "mri_status": "not_done",
            "red_flag_adjudication": "none",
        },
        "program": {
            "mobility_step": "not_started",
            "neuromuscular_step": "not_started",
            "resistance_step": "withheld",
            "requested_action": "none",
        },
    }
    arguments = ("--dev", "--workers", "2", "--settings", str(settings))
    with serving(tmp_path, *arguments) as (url, process):
        path = f"{url}/guidelines/cervical-spasm-opll/recommend"
        for _ in range(8):
            assert httpx.post(path, json=visit).status_code == 200
        metrics = httpx.get(f"{url}/metrics").text
        assert 'guidestep_requests_total{endpoint="recommend",status="200"} 8.0' in metrics
        process.send_signal(signal.SIGTERM)
        _, err = process.communicate(timeout=30)
    assert "Traceback" not in err
    from guidestep.decision_log import DecisionLog

    with DecisionLog.open(f"sqlite:///{tmp_path / 'decisions.db'}") as log:
        assert log.head().sequence == 8


def test_without_tokens_it_listens_to_this_machine_alone(command: Command) -> None:
    result = command("serve", "--dev", "--host", "0.0.0.0")
    assert (result.code, result.out) == (2, "")
    assert "asks for no tokens" in result.err


def test_without_settings_nobody_could_call(command: Command) -> None:
    result = command("serve")
    assert result.code == 2
    assert "there are no issuers" in result.err


def test_faults_of_the_settings_are_told_with_their_place(command: Command, tmp_path: Path) -> None:
    file = tmp_path / "service.yaml"
    file.write_text("dev: true\nlimits: {body: 1}\nlisten: 8000\n")
    result = command("serve", "--settings", file)
    assert result.code == 2
    assert "service.yaml:2:16: limits.body: " in result.err
    assert "service.yaml:3:1: listen: there is no such setting" in result.err


def test_a_guideline_at_fault_ends_it(command: Command, tmp_path: Path) -> None:
    file = tmp_path / "service.yaml"
    file.write_text("dev: true\nguidelines: [{guideline: nothing}]\n")
    result = command("serve", "--settings", file)
    assert result.code == 2
    assert "guideline nothing: " in result.err


def test_several_workers_share_the_used_tokens(command: Command, tmp_path: Path) -> None:
    file = tmp_path / "service.yaml"
    file.write_text(
        "base_url: https://cds.example.org\n"
        "issuers: [{iss: a, jku: ['https://ehr.example.org/jwks.json']}]\n"
        "log: {url: sqlite:///decisions.db}\n"
    )
    result = command("serve", "--settings", file, "--workers", "2")
    assert result.code == 2
    assert "tokens.replay_store" in result.err


@pytest.mark.parametrize("name", ["fastapi", "uvicorn", "httpx", "sqlalchemy", "jwt"])
def test_without_the_extra_it_says_so(
    command: Command, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    def is_ours(module: str) -> bool:
        return module.startswith(("guidestep.server", "guidestep.decision_log"))

    for module in list(sys.modules):
        if module.partition(".")[0] == name or is_ours(module):
            monkeypatch.delitem(sys.modules, module)
    monkeypatch.setitem(sys.modules, name, None)
    result = command("serve", "--dev")
    assert (result.code, result.out) == (2, "")
    assert result.err == "guidestep: the service is an extra: pip install 'guidestep[server]'\n"
