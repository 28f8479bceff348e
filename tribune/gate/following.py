"""Follows a model's status in a thread of its own, for code that has no event loop or blocks it.

A job that computes without pause hears of a halt all the same. The thread lives while anybody is inside.
"""

from __future__ import annotations

import asyncio
import threading
from contextlib import suppress
from typing import TYPE_CHECKING

from tribune.exceptions import ModelHaltedError
from tribune.gate import problem
from tribune.gate.configured import keeper_of
from tribune.gate.connections import UnderWay
from tribune.gate.keeper import GateKeeper
from tribune.gate.status import Cause, Refusal
from tribune.gate.tally import Tally
from tribune.log import get_logger

if TYPE_CHECKING:
    from tribune.settings import Settings

PATIENCE_S = 30.0
"""Longest wait for the first word of the chain: a job that begins may wait where a request may not."""
_AGAIN_S = 1.0
_IGNORANCE = frozenset({Cause.UNKNOWN, Cause.ARTIFACT_UNKNOWN})


class Following:
    """What is known of the model that the settings name, kept current while it is open.

    Args:
        settings: None reads `tribune.toml` and the environment.
        patience_s: longest wait for the first word of the chain.

    Raises:
        ConfigurationError: the settings name no model, or cannot be used.
    """

    def __init__(self, settings: Settings | None = None, *, patience_s: float = PATIENCE_S) -> None:
        self.under_way: set[UnderWay] = set()
        """What a halt cancels."""
        self._patience_s = patience_s
        self._keeper = keeper_of(settings, shut=self._end, under_way=lambda: len(self.under_way))
        self._keeper.view.listen(self._hear)
        self._heard = threading.Event()
        self._lock = threading.Lock()
        self._inside = 0
        self._thread: _Thread | None = None

    @property
    def tally(self) -> Tally:
        """What was refused, or in mode "observe" would have been."""
        return self._keeper.tally

    def open(self) -> None:
        """Begin to follow; each call asks for one of `close`."""
        with self._lock:
            self._inside += 1
            if self._thread is None or not self._thread.is_alive():  # a fork leaves it behind
                self._heard.clear()
                self._thread = _Thread(self._keeper)
                self._thread.start()

    def close(self) -> None:
        """Follow no more, once everybody has closed; blocks until the thread has ended."""
        with self._lock:
            self._inside -= 1
            if self._inside == 0 and self._thread is not None:
                self._thread.stop()
                self._thread = None
                self._keeper.say()

    def wait(self) -> None:
        """Wait until it is known whether the model may run: for the disk, and for the chain not for ever."""
        self._keeper.read_artifact()
        self._hear()
        self._heard.wait(self._patience_s)

    def check(self) -> None:
        """Return if the model may run now.

        Raises:
            ModelHaltedError: it may not, or nobody knows. Its message is what a refused asker of a server
                reads as `detail`, `ids["problem"]` the whole document.
        """
        refusal = self._keeper.check()
        if refusal is not None:
            raise self.halted(refusal)

    def halted(self, refusal: Refusal) -> ModelHaltedError:
        """Return a refusal as an error."""
        subject = self._keeper.subject
        document = problem.problem(subject, refusal)
        return ModelHaltedError(
            document["detail"],
            model_id=subject.model_id,
            version=subject.version,
            cause=refusal.cause,
            problem=document,
        )

    def _hear(self) -> None:
        refusal = self._keeper.refusal()
        if refusal is None or refusal.cause not in _IGNORANCE:
            self._heard.set()

    def _end(self, refusal: Refusal) -> None:
        for block in tuple(self.under_way):
            block.end(refusal)


class _Thread(threading.Thread):
    """Runs a keeper until it is told to stop, again after a failure."""

    def __init__(self, keeper: GateKeeper) -> None:
        super().__init__(name="gate", daemon=True)
        self._keeper = keeper
        self._loop: asyncio.AbstractEventLoop | None = None
        self._task: asyncio.Task[None] | None = None
        self._ready = threading.Event()

    def stop(self) -> None:
        self._ready.wait()
        if self._loop is not None and self._task is not None:
            with suppress(RuntimeError):  # it has ended by itself
                self._loop.call_soon_threadsafe(self._task.cancel)
        self.join()

    def run(self) -> None:
        try:
            with suppress(asyncio.CancelledError):
                asyncio.run(self._keep())
        finally:
            self._ready.set()

    async def _keep(self) -> None:
        self._loop, self._task = asyncio.get_running_loop(), asyncio.current_task()
        self._ready.set()
        while True:
            try:
                await self._keeper.run()
            except Exception:
                get_logger(__name__).exception("status source failed")
            await asyncio.sleep(_AGAIN_S)
