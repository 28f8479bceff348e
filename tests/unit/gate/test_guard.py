"""Leave for batch jobs: begun, refused, taken back in the middle."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tribune.exceptions import ConfigurationError, ModelHaltedError
from tribune.gate import guard, permission, permitted
from tribune.gate.following import Following
from tribune.gate.status import Reading, StatusView
from tribune.settings import Settings, load_settings
from unit.gate.chain import ACTIVE, PAUSED


class Chain:
    """A status source that writes what the test says, when it says it."""

    def __init__(self) -> None:
        self.reading: Reading | None = ACTIVE
        self.runs = 0
        self._changed = threading.Event()

    async def run(self, view: StatusView, /) -> None:
        self.runs += 1
        while True:
            if self.reading is not None:
                view.update(self.reading, asked_at=time.monotonic())
            await asyncio.sleep(0.01)

    def halt(self) -> None:
        self.reading = replace(PAUSED, block_number=813)


@pytest.fixture
def chain(monkeypatch: pytest.MonkeyPatch) -> Iterator[Chain]:
    """The settings' source, and no thread left behind."""
    found = Chain()
    monkeypatch.setattr("tribune.gate.configured.source_of", lambda settings: found)
    before = set(threading.enumerate())
    yield found
    deadline = time.monotonic() + 3
    while leftovers := [one for one in set(threading.enumerate()) - before if one.name == "gate"]:
        assert time.monotonic() < deadline, leftovers
        time.sleep(0.01)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    (tmp_path / "x.toml").write_text("[gate]\nmodel = 1\nversion = 1\nmax_staleness_s = 0.5\n")
    return load_settings(tmp_path / "x.toml")


def test_permission__model_may_run__runs_the_block(chain: Chain, settings: Settings) -> None:
    with permission(settings) as leave:
        leave.check()
    assert chain.runs == 1


def test_permission__model_stopped__raises_with_the_problems_words(chain: Chain, settings: Settings) -> None:
    chain.halt()
    with pytest.raises(ModelHaltedError, match="only another vote sets it free") as raised:
        _enter(permission(settings))
    assert raised.value.ids["problem"]["state"] == "Paused"  # type: ignore[index]
    assert (raised.value.ids["model_id"], raised.value.ids["cause"]) == (1, "model-paused")


def test_permission__halt_while_it_computes__is_raised_at_the_next_check(
    chain: Chain, settings: Settings
) -> None:
    done = []

    def job() -> None:
        with permission(settings) as leave:
            for batch in range(1000):
                leave.check()
                time.sleep(0.01)  # the job's thread does nothing else: the status comes by another
                done.append(batch)
                if batch == 3:
                    chain.halt()

    with pytest.raises(ModelHaltedError):
        job()
    assert 3 < len(done) < 50


def test_permission__halt_seen_by_nobody_inside__is_raised_at_the_end(
    chain: Chain, settings: Settings
) -> None:
    def job() -> None:
        with permission(settings):
            chain.halt()
            time.sleep(0.1)

    with pytest.raises(ModelHaltedError):
        job()


def test_permission__block_fails_by_itself__keeps_its_error(chain: Chain, settings: Settings) -> None:
    def job() -> None:
        with permission(settings):
            chain.halt()
            time.sleep(0.1)
            raise KeyError("a bug of the job")

    with pytest.raises(KeyError):
        job()


def test_permission__source_falls_silent__raises_once_too_old(chain: Chain, settings: Settings) -> None:
    def job() -> None:
        with permission(settings) as leave:
            chain.reading = None
            for _ in range(300):
                leave.check()
                time.sleep(0.01)

    with pytest.raises(ModelHaltedError, match="cannot see the chain"):
        job()


def test_permission__nothing_known__waits_a_while_and_refuses(chain: Chain, settings: Settings) -> None:
    chain.reading = None
    with pytest.raises(ModelHaltedError, match="cannot see the chain"):
        _enter(guard.Permission(Following(settings, patience_s=0.05)))


def test_permission__known_a_moment_later__waits_for_it(chain: Chain, settings: Settings) -> None:
    chain.reading = None
    threading.Timer(0.15, lambda: setattr(chain, "reading", ACTIVE)).start()
    with permission(settings):
        pass


def test_permission__observed_only__runs_and_counts(chain: Chain, settings: Settings) -> None:
    chain.halt()
    observing = settings.model_copy(update={"gate": settings.gate.model_copy(update={"mode": "observe"})})
    following = Following(observing)
    with guard.Permission(following) as leave:
        leave.check()
    assert following.tally.summary()["shut"]["model-paused"]["requests"] == 3


def test_permission__another_model_on_disk__refuses(chain: Chain, settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "model.onnx").write_bytes(b"weights")
    gate = settings.gate.model_copy(update={"artifact": tmp_path / "model.onnx"})
    following = Following(settings.model_copy(update={"gate": gate}), patience_s=0.1)
    with pytest.raises(ModelHaltedError, match="has not been compared"), guard.Permission(following):
        pytest.fail("entered")


async def test_permission__async_and_stopped_in_the_middle__cancels_the_block(
    chain: Chain, settings: Settings
) -> None:
    began = time.monotonic()

    async def job() -> None:
        async with permission(settings):
            chain.halt()
            await asyncio.sleep(60)

    with pytest.raises(ModelHaltedError, match="only another vote"):
        await job()
    assert time.monotonic() - began < 5
    task = asyncio.current_task()
    assert task is not None
    assert task.cancelling() == 0
    await asyncio.sleep(0.01)


async def test_permission__async_and_cancelled_by_somebody__stays_cancelled(
    chain: Chain, settings: Settings
) -> None:
    inside = asyncio.Event()

    async def job() -> None:
        async with permission(settings):
            inside.set()
            await asyncio.sleep(60)

    task = asyncio.create_task(job())
    await inside.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_permission__async_and_stopped__is_not_entered(chain: Chain, settings: Settings) -> None:
    chain.halt()
    with pytest.raises(ModelHaltedError):
        async with permission(settings):
            pytest.fail("entered")


def test_permitted__function__runs_while_the_model_may(
    chain: Chain, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    followed = _remembered(monkeypatch)

    @permitted(settings=settings)
    def score(a: int, *, b: int) -> int:
        """Add."""
        return a + b

    assert (score(1, b=2), score.__doc__, chain.runs) == (3, "Add.", 1)
    assert score(2, b=2) == 4
    chain.halt()
    time.sleep(0.1)
    with pytest.raises(ModelHaltedError):
        score(1, b=2)
    assert chain.runs == 1  # it went on following in between
    followed[0].close()


async def test_permitted__coroutines_at_once__are_all_cancelled(
    chain: Chain, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    followed = _remembered(monkeypatch)

    @permitted(settings=settings)
    async def score(seconds: float) -> float:
        await asyncio.sleep(seconds)
        return seconds

    assert await score(0.01) == 0.01
    tasks = [asyncio.create_task(score(60)) for _ in range(20)]
    while len(followed[0].under_way) < 20:  # noqa: ASYNC110 - a condition of the test, no event
        await asyncio.sleep(0.01)
    chain.halt()
    found = await asyncio.wait_for(asyncio.gather(*tasks, return_exceptions=True), 5)
    assert {type(one) for one in found} == {ModelHaltedError}
    followed[0].close()


def test_permitted__no_settings_yet__reads_them_at_the_first_call(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    @permitted
    def score() -> None:
        pass

    with pytest.raises(ConfigurationError, match="name no model"):
        score()


def test_permitted__generator__is_refused() -> None:
    with pytest.raises(TypeError, match="generator"):

        @permitted
        def rows() -> Iterator[int]:
            yield 1


def _enter(leave: guard.Permission) -> None:
    with leave:
        pytest.fail("entered")


def _remembered(monkeypatch: pytest.MonkeyPatch) -> list[Following]:
    """Return what will follow for a decorated function, which by itself goes on until the process ends."""
    made: list[Following] = []

    class Remembered(Following):
        def __init__(self, settings: Settings | None = None) -> None:
            super().__init__(settings)
            made.append(self)

    monkeypatch.setattr(guard, "Following", Remembered)
    return made
