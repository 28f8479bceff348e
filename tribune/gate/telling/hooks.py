"""Tells an operator's own systems of a halt and of its end, where no gate can stand before them.

A model counts as halted whenever a gate before it would refuse: stopped, not in force, or unseen for too
long. What is told is how things stand now, not their history: a halt that ended before it could be delivered
is not. Tries are bounded, with growing pauses and jitter; the next transition and a restart begin anew.
"""

from __future__ import annotations

import asyncio
import random
import secrets
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tribune.exceptions import ConfigurationError
from tribune.gate.configured import site_of
from tribune.gate.problem import Subject, problem
from tribune.gate.status import Cause, Refusal, StatusView
from tribune.gate.telling.channels import Channel, Command, Webhook
from tribune.gate.telling.notices import HALT, RESUME, Ledger, Notice
from tribune.ids import ModelId, VersionNumber
from tribune.log import get_logger
from tribune.webhooks import NotTakenError, Receiver

if TYPE_CHECKING:
    from tribune.settings import Settings

PAUSES_S = (1.0, 300.0)
"""First and longest pause between two tries; each is varied by half."""


@dataclass(frozen=True)
class Terms:
    """How notices are delivered.

    Args:
        folder: where it is noted what was delivered.
        max_staleness_s: how old what is known may be; beyond it a model counts as halted.
        attempts: how often a notice is tried.
        enforce: False tells nobody, and logs what would have been told.
    """

    folder: Path
    max_staleness_s: float
    attempts: int
    enforce: bool = True


class Hooks:
    """Tells channels of the transitions of models.

    Args:
        models: each with its view, kept current by somebody else; version 0 stands for whichever is in force.
        channels: who is told.
        terms: how.

    Raises:
        ConfigurationError: the folder cannot be used.
    """

    def __init__(
        self, models: Iterable[tuple[Subject, StatusView]], channels: Iterable[Channel], terms: Terms
    ) -> None:
        channels = list(channels)
        self._tellers = [
            _Teller(subject, view, channel, Ledger(terms.folder, subject.model_id, channel.name), terms)
            for subject, view in models
            for channel in channels
        ]

    @property
    def owed(self) -> int:
        """How many notices have not been taken yet."""
        return sum(teller.ledger.owed is not None for teller in self._tellers)

    async def run(self) -> None:
        """Tell until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            for teller in self._tellers:
                tasks.create_task(teller.run())


def hooks_of(settings: Settings, view: Callable[[ModelId], StatusView | None]) -> Hooks | None:
    """Return the hooks that the settings have, or None.

    Args:
        settings: of `tribune gate serve`.
        view: returns the view of a model.

    Raises:
        ConfigurationError: they name no model, no usable secret, or a folder that cannot be used.
    """
    gate, hooks = settings.gate, settings.gate.hooks
    channels: list[Channel] = []
    if hooks.on_halt or hooks.on_resume:
        secrets_of = settings.secret_variables
        channels.append(
            Command(hooks.on_halt, hooks.on_resume, timeout_s=hooks.timeout_s, secrets=secrets_of)
        )
    if hooks.webhook and hooks.webhook_secret_file is not None:
        receiver = Receiver(hooks.webhook, hooks.webhook_secret_file, timeout_s=hooks.timeout_s)
        channels.append(Webhook(receiver))
    if not channels:
        return None
    models = []
    for model_id in map(ModelId, dict.fromkeys(gate.models or filter(None, [gate.model]))):
        ours = model_id == gate.model
        version = VersionNumber(gate.version if ours else 0)
        subject = Subject(model_id, version, gate.name if ours else "", site_of(settings).rstrip("/"))
        if (found := view(model_id)) is not None:
            models.append((subject, found))
    if not models:
        raise ConfigurationError(
            "The settings have hooks, and no model whose halt they are for.",
            mend="Name it as model and version, or several as models, under [gate].",
        )
    terms = Terms(hooks.state, gate.max_staleness_s, hooks.attempts, gate.mode == "enforce")
    return Hooks(models, channels, terms)


class _Teller:
    """Tells one channel of one model's transitions."""

    def __init__(
        self, subject: Subject, view: StatusView, channel: Channel, ledger: Ledger, terms: Terms
    ) -> None:
        self.ledger = ledger
        self._subject = subject
        self._view = view
        self._channel = channel
        self._terms = terms
        self._changed = asyncio.Event()
        self._began = time.monotonic()
        self._said = ""
        self._log = get_logger(__name__).bind(hook=channel.name, model=subject.model_id)

    async def run(self) -> None:
        loop = asyncio.get_running_loop()

        def wake() -> None:
            loop.call_soon_threadsafe(self._changed.set)

        self._view.listen(wake)
        try:
            while True:
                self._changed.clear()
                kind, refusal = self._now()
                if kind is not None and (kind != self.ledger.told or self.ledger.owed is not None):
                    await self._tell(kind, refusal)
                await self._wait(self._terms.max_staleness_s)
        finally:
            self._view.unlisten(wake)

    def _now(self) -> tuple[str | None, Refusal | None]:
        """Return how things stand; None at the start, while nothing was read yet."""
        reading = self._view.snapshot.reading
        version = self._subject.version or (reading.version if reading is not None else VersionNumber(0))
        refusal = self._view.refusal(version, self._terms.max_staleness_s)
        if refusal is None:
            return RESUME, None
        early = time.monotonic() - self._began < self._terms.max_staleness_s
        if early and refusal.cause is Cause.UNKNOWN and refusal.age_s is None:
            return None, refusal
        return HALT, refusal

    async def _tell(self, kind: str, refusal: Refusal | None) -> None:
        if not self._terms.enforce:
            if kind != self._said:
                self._log.info("hook would run", event_kind=kind)
            self._said = kind
            return
        first = self.ledger.told is None and self.ledger.owed is None
        if not self._channel.wants(kind) or (first and kind == RESUME):
            self._note(
                partial(self.ledger.settle, kind)
            )  # nobody waits for it, or nobody ever heard of a halt
            return
        notice = self.ledger.owed
        if notice is None or notice.kind != kind:
            notice = self._notice(kind, refusal)
            self._note(partial(self.ledger.owe, notice))
        pause = PAUSES_S[0]
        for attempt in range(1, self._terms.attempts + 1):
            try:
                await self._channel.deliver(notice)
            except NotTakenError as fault:
                self._log.warning("hook not taken", event_kind=kind, attempt=attempt, error=str(fault))
            else:
                self._note(partial(self.ledger.settle, kind))
                late = round(time.time() - notice.seen_at, 3)
                self._log.info("hook delivered", event_kind=kind, attempt=attempt, after_s=late)
                return
            if attempt < self._terms.attempts and await self._turned(kind, pause):
                return
            pause = min(2 * pause, PAUSES_S[1])
        self._log.error("hook given up", event_kind=kind, attempts=self._terms.attempts)
        while not await self._turned(kind, PAUSES_S[1]):
            pass

    def _note(self, change: Callable[[], None]) -> None:
        try:
            change()
        except OSError as fault:  # a halt is told all the same; after a restart perhaps twice
            self._log.error("hook cannot be noted", error=str(fault))

    async def _turned(self, kind: str, pause_s: float) -> bool:
        """Pause, and return whether things stand otherwise, as soon as they do."""
        ends = time.monotonic() + pause_s * random.uniform(0.5, 1.5)  # noqa: S311 - no secret
        while (left_s := ends - time.monotonic()) > 0:
            if self._now()[0] not in (kind, None):
                return True
            self._changed.clear()
            await self._wait(left_s)
        return False

    async def _wait(self, seconds: float) -> None:
        """Wait for a change, at most so long, and no longer than until what is known is too old."""
        known_s = self._view.snapshot.seen_at + self._terms.max_staleness_s - time.monotonic()
        with suppress(TimeoutError):
            async with asyncio.timeout(min(seconds, known_s + 0.001 if known_s > 0 else 1.0)):
                await self._changed.wait()

    def _notice(self, kind: str, refusal: Refusal | None) -> Notice:
        reading = self._view.snapshot.reading
        data: dict[str, Any] = {"model_id": self._subject.model_id}
        if self._subject.name:
            data["model"] = self._subject.name
        if reading is not None:
            data |= {"version": reading.version, "epoch": reading.epoch}
            data |= {"block": reading.block_number, "block_time": reading.block_time}
        if refusal is not None:
            subject = replace(self._subject, version=self._subject.version or data.get("version", 0))
            data |= {"cause": str(refusal.cause), "problem": problem(subject, refusal)}
        return Notice(f"msg_{secrets.token_hex(16)}", kind, time.time(), data)
