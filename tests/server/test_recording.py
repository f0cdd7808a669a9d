"""The log that goes away and comes back: an answer that is not recorded is not given."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import pytest

from guidestep.decision_log import Decision, DecisionLog, LogUnavailable, Receipt
from guidestep.server import Settings
from tests.server.patients import UNSTEADY, prefetch
from tests.server.service import RECOMMEND, Service, running
from tests.server.test_guidelines import problem
from tests.server.test_hooks import outcome

Make = Callable[..., Settings]


def count(tmp_path: Path) -> int:
    with DecisionLog.open(f"sqlite:///{tmp_path / 'decisions.db'}") as log:
        return log.head().sequence


def away(monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(self: DecisionLog, decision: Decision) -> Future[Receipt]:
        future: Future[Receipt] = Future()
        future.set_exception(LogUnavailable("the disk is full"))
        return future

    monkeypatch.setattr(DecisionLog, "submit", failing)
    monkeypatch.setattr(DecisionLog, "submit_feedback", failing)
    monkeypatch.setattr(DecisionLog, "ready", lambda self: False)


async def refused(service: Service) -> None:
    """No endpoint gives a decision."""
    response = await service.hook()
    outcome(response, 503, "log-unavailable")
    assert response.headers["retry-after"]
    problem(await service.recommend(), 503, "log-unavailable")
    batch = await service.post(f"{RECOMMEND}/batch", {"assessments": [{}, UNSTEADY]})
    problem(batch, 503, "log-unavailable")
    given = {"card": "d1577c69-dfbe-44ad-ba6d-3e05e953b2ea", "outcome": "overridden"}
    given["outcomeTimestamp"] = "2026-03-02T10:05:31Z"
    outcome(await service.feedback(given), 503, "log-unavailable")
    ready = await service.http.get("/ready")
    assert (ready.status_code, ready.json()["ready"]) == (503, False)
    assert (await service.http.get("/health")).status_code == 200


async def test_a_database_that_goes_away_and_returns(
    settings_of: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running(settings_of()) as service:
        assert (await service.hook()).status_code == 200
        assert (await service.http.get("/ready")).json()["log"] == "writable"
        with monkeypatch.context() as gone:
            away(gone)
            await refused(service)
            metrics = (await service.http.get("/metrics")).text
            assert "guidestep_log_failures_total 4.0" in metrics
        assert (await service.hook()).status_code == 200
        assert (await service.http.get("/ready")).status_code == 200
    assert count(tmp_path) == 2


async def test_a_database_that_is_not_there_at_the_start(
    settings_of: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("guidestep.server.recording._RETRY_SECONDS", 0.0)
    folder = tmp_path / "not-yet"
    settings = settings_of(log={"url": f"sqlite:///{folder / 'decisions.db'}"})
    async with running(settings) as service:
        await refused(service)
        folder.mkdir()
        assert (await service.hook()).status_code == 200
        assert (await service.http.get("/ready")).status_code == 200


async def test_where_no_log_is_required_answers_are_given(
    settings_of: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = {"url": f"sqlite:///{tmp_path / 'decisions.db'}", "required": False}
    async with running(settings_of(log=log)) as service:
        away(monkeypatch)
        assert (await service.hook()).status_code == 200
        assert (await service.recommend()).status_code == 200
        ready = await service.http.get("/ready")
        metrics = (await service.http.get("/metrics")).text
    assert ready.json() == {"ready": True, "guidelines": 1, "log": "unavailable"}
    assert "guidestep_log_failures_total 2.0" in metrics


async def test_a_log_that_hangs(settings_of: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    def never(self: DecisionLog, decision: Any) -> Future[Receipt]:
        return Future()

    async with running(settings_of(limits={"log_seconds": 0.05})) as service:
        monkeypatch.setattr(DecisionLog, "submit", never)
        outcome(await service.hook(), 503, "log-unavailable")


async def test_what_is_recorded(settings_of: Make, tmp_path: Path) -> None:
    kept: list[Decision] = []
    submit = DecisionLog.submit

    def watched(self: DecisionLog, decision: Decision) -> Future[Receipt]:
        kept.append(decision)
        return submit(self, decision)

    async with running(settings_of()) as service:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(DecisionLog, "submit", watched)
            cards = (await service.hook()).json()["cards"]
            await service.recommend()
    hook, direct = kept
    assert hook.outcome == direct.outcome == "urgent_referral"
    assert hook.hook == "patient-view"
    assert hook.hook_instance == "d1577c69-dfbe-44ad-ba6d-3e05e953b2ea"
    assert hook.client == direct.client == "https://ehr.example.org"
    assert [card.id for card in hook.cards] == [card["uuid"] for card in cards]
    assert hook.user == "Practitioner/7"
    assert hook.when.isoformat() == "2026-03-02T10:00:00+00:00"
    assert direct.hook is None


async def test_that_nothing_could_be_recommended_is_recorded_too(
    settings_of: Make, tmp_path: Path
) -> None:
    kept: list[Decision] = []
    submit = DecisionLog.submit

    def watched(self: DecisionLog, decision: Decision) -> Future[Receipt]:
        kept.append(decision)
        return submit(self, decision)

    flagged = {"neurologic": {"gait_instability": "present"}}
    async with running(settings_of()) as service:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(DecisionLog, "submit", watched)
            cards = (await service.hook(prefetch=prefetch(flagged))).json()["cards"]
        given = {"card": cards[0]["uuid"], "outcome": "overridden"}
        given["outcomeTimestamp"] = "2026-03-02T10:05:31Z"
        taken = (await service.feedback(given)).json()
    (decision,) = kept
    assert decision.outcome == "no_recommendation"
    assert "encounter.care_stage" in decision.missing
    assert decision.cards[0].summary == cards[0]["summary"]
    assert cards[0]["indicator"] == "critical"
    assert taken == {"recorded": 1, "unknown_cards": 0}
    assert count(tmp_path) == 2
