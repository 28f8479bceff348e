"""Three running workers behind a node that can misbehave, and what it takes to do faults to them."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from chaos.estate import Estate, estate
from chaos.fleet import Fleet, Place
from chaos.ledger import Ledger
from support.anvil import Anvil
from support.postgres import Postgres
from support.rpc_proxy import RpcProxy
from tribune.ids import FrameIndex, ModelId

DISK_KB = 24 * 1024
LIMIT_S = 120.0
"""Wall time in which workers must have made up for a fault that is over."""


class FaultError(Exception):
    """The workers did not do what they must."""


@dataclass
class Scene:
    """What a fault is done to.

    Args:
        of: the estate, whose workers run.
        proxy: their only node.
        postgres: their databases; None: SQLite files.
        skewed: starts processes whose clock is wrong, by the seconds.
        disk: of the first monitor, small and its own; None where we may not mount one.
    """

    of: Estate
    proxy: RpcProxy
    postgres: Postgres | None
    skewed: Callable[[int], Fleet]
    disk: Path | None
    restarts: int = 0
    frames: list[FrameIndex] = field(default_factory=list)

    @property
    def model(self) -> ModelId:
        return self.of.models[0]

    # Frames

    def seal(self, *, breach: bool = False) -> FrameIndex:
        """Let a frame pass, seal and anchor it."""
        frame = self.of.seal(self.model, breach=breach)
        self.frames.append(frame)
        return frame

    def complete(self, *frames: FrameIndex) -> None:
        """Wait until all monitors reported these frames, starting anew whom a fault ended."""

        def done() -> bool:
            self.tend()
            return all(self.of.complete(self.model, frame) for frame in frames)

        self.of.wait(done, LIMIT_S, f"reports of {frames}")

    def tend(self) -> None:
        """Start anew who ended, as any supervisor does."""
        self.of.fleet.look()
        for place in self.of.places:
            if place.life is not None and place.life.code is not None:
                self.restarts += 1
                self.of.fleet.start(place)

    def last_block(self, frame: FrameIndex) -> int:
        """Return the first block that counted a report of a frame."""
        events = self.of.world.chain.contracts["ReportHub"].events.Attested()
        found = events.get_logs(from_block=0, argument_filters={"modelId": self.model, "frame": frame})
        return int(min(event["blockNumber"] for event in found))

    # Chain

    @property
    def head(self) -> int:
        return int(self.of.world.chain.web3.eth.block_number)

    def mine(self, blocks: int) -> None:
        self.of.world.chain.rpc("anvil_mine", hex(blocks))

    def reorganise(self, depth: int) -> None:
        """Put other, empty blocks in the place of the last ones; chain time goes on from where it was."""
        now = self.of.world.chain.now
        self.of.world.chain.rpc("anvil_reorg", depth, [])
        self.of.world.until(now + 1)

    def restart_node(self, state: Path) -> None:
        """End the node so that it saves its state, and start it from there in the same place.

        Its clock would go back by all that tests let pass, which no chain's does: it is set again.
        """
        chain = self.of.world.chain
        port, now = chain.anvil.port, chain.now
        chain.anvil.stop()
        time.sleep(2)
        chain.anvil = Anvil.start(port=port, extra=(*MIXED, *SAVED, str(state)))
        chain.rpc("evm_setNextBlockTimestamp", now + 3)
        chain.rpc("evm_mine")

    @property
    def operational(self) -> bool:
        switch = self.of.world.chain.contracts["KillSwitch"].functions
        return bool(switch.isOperational(self.model).call())

    # Processes

    @contextmanager
    def frozen(self, *places: Place) -> Iterator[None]:
        """Let processes stand still."""
        for place in places:
            assert place.life is not None
            os.kill(place.life.process, signal.SIGSTOP)
        try:
            yield
        finally:
            for place in places:
                assert place.life is not None
                with suppress(ProcessLookupError):
                    os.kill(place.life.process, signal.SIGCONT)

    def twin(self, place: Place, *, store_url: str = "") -> Place:
        """Return another process's place with the same key, and the same store unless another is given."""
        folder = place.folder.with_name(f"{place.name}-twin-{len(self.frames)}")
        folder.mkdir()
        environment = dict(place.environment)
        if store_url:
            environment |= {
                "TRIBUNE_STORE_URL": store_url,
                "TRIBUNE_TALLY_FOLDER": str(folder / "tallies"),
                "TRIBUNE_EVIDENCE_URLS": f'["{folder}/evidence"]',
            }
        return Place(folder.name, folder, environment)


SAVED = ("--preserve-historical-states", "--state")
MIXED = ("--block-time", "1", "--mixed-mining")


@contextmanager
def scene(root: Path, postgres: Postgres | None = None) -> Iterator[Scene]:
    """Start everything, with one model evaluated and in force.

    Args:
        root: empty folder.
        postgres: gives each monitor a database; None: SQLite files.
    """
    with ExitStack() as stack:
        disk = stack.enter_context(_small_disk(root / "monitor-0"))
        anvil = Anvil.start(extra=(*MIXED, *SAVED, str(root / "node.json")))
        proxy = stack.enter_context(RpcProxy(anvil.http_url))
        of = stack.enter_context(estate(root, postgres=postgres, node=proxy.http_url, anvil=anvil))
        stack.callback(lambda: of.world.chain.anvil.stop())
        fleets: dict[int, Fleet] = {}

        def skewed(seconds: int) -> Fleet:
            if seconds not in fleets:
                fleets[seconds] = stack.enter_context(Fleet(environment=_faked(seconds)))
            return fleets[seconds]

        made = Scene(of, proxy, postgres, skewed, disk)
        for place in of.places:
            place.environment |= {
                "TRIBUNE_CHAIN__WS_URL": proxy.ws_url,
                "TRIBUNE_CHAIN__TIMEOUT_S": "2",
                "TRIBUNE_CHAIN__BUMP_AFTER_S": "3",
                "TRIBUNE_CHAIN__RECEIPT_TIMEOUT_S": "20",
            }
            of.fleet.start(place)
        of.register()
        made.complete(made.seal())
        yield made


def settled(scene: Scene) -> Ledger:
    """Let everything end in order; return the account."""
    scene.proxy.well()
    scene.complete(*scene.frames)
    for place in scene.of.places:
        if scene.of.fleet.end(place) != 0:
            raise FaultError(f"{place.name} did not stop in order: {place.log.read_text()[-2000:]}")
    return scene.of.account()


@contextmanager
def _small_disk(folder: Path) -> Iterator[Path | None]:
    """Mount a disk in memory for a folder, where that is allowed."""
    folder.mkdir()
    options = ["-t", "tmpfs", "-o", f"size={DISK_KB}k", "tmpfs", str(folder)]
    if subprocess.run(["mount", *options], stderr=subprocess.DEVNULL, check=False).returncode:
        yield None
        return
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


LIBFAKETIME = Path("/usr/lib") / f"{os.uname().machine}-linux-gnu" / "faketime" / "libfaketimeMT.so.1"


def _faked(seconds: int) -> dict[str, str]:
    """Return what makes a process's clock wrong: of dates, not of pauses, as a machine's wrong clock."""
    return {
        "LD_PRELOAD": str(LIBFAKETIME),
        "FAKETIME": f"{seconds:+d}",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        "DONT_FAKE_MONOTONIC": "1",
        "FAKETIME_DONT_RESET": "1",
        "FAKETIME_NO_CACHE": "1",
    }
