"""Decisions and feedback go into the log before anybody hears of them."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import Future

from guidestep.decision_log import Decision, DecisionLog, Feedback, LogError, Receipt
from guidestep.server.log_lines import Line, log
from guidestep.server.metrics import Metrics
from guidestep.server.refusals import Code, Refusal
from guidestep.server.settings import Limits, Log

_RETRY_SECONDS = 1.0

Open = Callable[[], DecisionLog]


def opening(settings: Log) -> Open:
    """Return what opens the log that the settings name.

    Raises:
        LookupError: Its address or key stands in a variable or a file that is not there.
    """
    address = settings.address()
    key = None if settings.key is None else settings.key.read().encode()

    def open_log() -> DecisionLog:
        return DecisionLog.open(address, keep_input=settings.keep_input, key=key)

    return open_log


class Recorder:
    """The decision log as the service uses it: opened when it can be, and again when it was gone.

    With no log nothing is recorded. `required` says whether an answer that is not recorded may
    leave all the same.
    """

    def __init__(
        self, open_log: Open | None, *, required: bool, limits: Limits, metrics: Metrics
    ) -> None:
        self._open = open_log
        self._required = required
        self._seconds = limits.log_seconds
        self._metrics = metrics
        self._log: DecisionLog | None = None
        self._opening = asyncio.Lock()
        self._tried = float("-inf")

    @property
    def is_on(self) -> bool:
        """Whether anything is recorded."""
        return self._open is not None

    @property
    def is_required(self) -> bool:
        """Whether an answer that is not recorded may not leave."""
        return self._required

    async def start(self) -> None:
        """Open the log; if it cannot be opened now, that is tried again when it is needed."""
        if self._open is not None:
            await self._opened()

    async def record(self, *decisions: Decision) -> tuple[Receipt | None, ...]:
        """Record decisions, and return when all of them are durable.

        Raises:
            Refusal: 503, one of them is not, and it is required.
        """
        return await self._recorded(lambda log: [log.submit(each) for each in decisions])

    async def record_feedback(self, *given: Feedback) -> tuple[Receipt | None, ...]:
        """Record feedback, and return when all of it is durable.

        Raises:
            Refusal: 503, some of it is not, and it is required.
        """
        return await self._recorded(lambda log: [log.submit_feedback(each) for each in given])

    async def _recorded(
        self, submit: Callable[[DecisionLog], list[Future[Receipt]]]
    ) -> tuple[Receipt | None, ...]:
        if self._open is None:
            return ()
        kept = await self._opened()
        try:
            if kept is None:
                raise LogError("the log is not open")
            async with asyncio.timeout(self._seconds):
                waiting = [asyncio.wrap_future(future) for future in submit(kept)]
                return tuple(await asyncio.gather(*waiting))
        except (LogError, TimeoutError) as error:
            self._metrics.log_failed()
            log(logging.ERROR, "log-failed", Line(error=type(error).__name__))
            if self._required:
                title = "the decision could not be recorded, so it is not given"
                headers = {"Retry-After": "5"}
                raise Refusal(503, Code.LOG_UNAVAILABLE, title, headers=headers) from None
            return ()

    async def ready(self) -> bool:
        """Whether the log can be written to now; without a log, always."""
        if self._open is None:
            return True
        kept = await self._opened()
        return kept is not None and await asyncio.to_thread(kept.ready)

    async def close(self) -> None:
        """Write what is waiting, and close."""
        if self._log is not None:
            await asyncio.to_thread(self._log.close)

    async def _opened(self) -> DecisionLog | None:
        if self._log is not None or self._open is None:
            return self._log
        async with self._opening:
            now = asyncio.get_running_loop().time()
            if self._log is None and now - self._tried >= _RETRY_SECONDS:
                self._tried = now
                try:
                    self._log = await asyncio.to_thread(self._open)
                except LogError as error:
                    log(logging.ERROR, "log-not-open", Line(error=type(error).__name__))
        return self._log
