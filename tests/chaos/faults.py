"""Faults of node, chain, disk, database, clock and operator, one after another under the same workers.

Each function does one fault to a `Scene`, ends it, and returns once the workers made up for it; it raises
where they did not in time, or did something that they must not. That nothing was lost is read from the chain
at the end of all.
"""

from __future__ import annotations

import errno
import sqlite3
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import psycopg

from chaos.kills import cases_and_votes
from chaos.scene import LIBFAKETIME, FaultError, Scene
from support.rpc_proxy import Fault
from tribune.store.session import BUSY_TIMEOUT_MS, WRITE_LOCK

ROOMS_KB = (0, 8, 24, 48, 96)
"""A frame's evidence, tally, attestation and rows together are some dozens of kB."""
MISBEHAVES_S = 4.0
"""How long a node misbehaves: several looks of each worker."""


@dataclass(frozen=True)
class Case:
    """One fault.

    Args:
        name: in plain words.
        act: does it.
        quick: whether it is part of the short run.
    """

    name: str
    act: Callable[[Scene], None]
    quick: bool = False


def node(scene: Scene, fault: Fault, amount: float = 0.0) -> None:
    """A node misbehaves while a frame is due, and is well again."""
    scene.proxy.be(fault, amount)
    try:
        frame = scene.seal()
        time.sleep(MISBEHAVES_S)
    finally:
        scene.proxy.well()
    scene.complete(frame)


def lagging(scene: Scene) -> None:
    """The node stays behind by blocks, and goes on from there."""
    scene.mine(8)
    node(scene, Fault.LAGGING, 5)


def lost_answer(scene: Scene) -> None:
    """The node takes transactions and breaks the connection each time, for all of a frame."""
    scene.proxy.be(Fault.LOSES_ANSWER)
    try:
        scene.complete(scene.seal())
    finally:
        scene.proxy.well()


def socket_cut(scene: Scene) -> None:
    """Websockets break again and again, then for good: workers poll."""
    frame = scene.seal()
    for _ in range(5):
        scene.proxy.cut_sockets()
        time.sleep(0.3)
    scene.complete(frame)
    scene.proxy.be(Fault.CUTS_SOCKET)
    try:
        scene.complete(scene.seal())
    finally:
        scene.proxy.well()


def reorg_of_report(scene: Scene, depth: int) -> None:
    """Blocks with a frame's reports go, and come without them; not its anchor."""
    with scene.frozen(*scene.of.places):
        frame = scene.seal()
        scene.mine(depth + 2)
    scene.complete(frame)
    first = scene.last_block(frame)
    scene.mine(max(0, depth - (scene.head - first + 1)))
    scene.reorganise(max(depth, scene.head - first + 1))
    if scene.of.reported(scene.model, frame):
        raise FaultError("the reorganisation did not take the reports away")
    scene.complete(frame)


def reorg_of_pause(scene: Scene, depth: int) -> None:
    """The same where the report suspended the model and the case's vote was opened."""
    with scene.frozen(*scene.of.places):
        scene.of.world.until(
            scene.of.world.chain.now + 700
        )  # episodes and cool-downs end, the budget refills
        frame = scene.seal(breach=True)
        scene.mine(depth + 2)
    scene.complete(frame)
    first = scene.last_block(frame)
    _suspended_and_voted(scene)
    scene.mine(max(0, depth - (scene.head - first + 1)))
    scene.reorganise(max(depth, scene.head - first + 1))
    scene.complete(frame)
    _suspended_and_voted(scene)


def _suspended_and_voted(scene: Scene) -> None:
    if scene.operational:
        raise FaultError("the breach did not suspend the model")
    scene.of.world.until(scene.of.world.chain.now + 16)

    def voted() -> bool:
        cases, votes = cases_and_votes(scene.of)
        return cases == votes

    scene.of.wait(voted, 60, "the opening of the vote")


def node_restarted(scene: Scene) -> None:
    """The node ends in the middle of a frame, and comes back from its saved state."""
    frame = scene.seal()
    scene.restart_node(scene.of.world.root / "node.json")
    scene.complete(frame)


def nonce_gap(scene: Scene) -> None:
    """A transaction of each monitor's key lies in the pool, one nonce too high; ours fills the gap."""
    web3 = scene.of.world.chain.web3
    with scene.frozen(*scene.of.places):
        for key in scene.of.keys:
            _by_hand(scene, key, web3.eth.get_transaction_count(key.address) + 1)
        frame = scene.seal()
    scene.complete(frame)
    scene.complete(scene.seal())


def nonce_used(scene: Scene) -> None:
    """Somebody sends with each monitor's key behind the worker's back."""
    web3 = scene.of.world.chain.web3
    for _ in range(2):
        frame = scene.seal()
        for key in scene.of.keys:
            _by_hand(scene, key, web3.eth.get_transaction_count(key.address))
        scene.complete(frame)


def _by_hand(scene: Scene, key: object, nonce: int) -> None:
    web3 = scene.of.world.chain.web3
    transaction = {
        "chainId": web3.eth.chain_id,
        "nonce": nonce,
        "to": key.address,  # type: ignore[attr-defined]
        "value": 0,
        "gas": 21_000,
        "maxFeePerGas": 2 * 10**9 + 2 * web3.eth.get_block("latest")["baseFeePerGas"],
        "maxPriorityFeePerGas": 10**9,
    }
    web3.eth.send_raw_transaction(key.sign_transaction(transaction).raw_transaction)  # type: ignore[attr-defined]


def fee_spike(scene: Scene) -> None:
    """Transactions wait in no block, then blocks ask twenty times the fees: each must be replaced."""
    chain = scene.of.world.chain
    frame = scene.seal()
    chain.rpc("evm_setAutomine", False)
    chain.rpc("evm_setIntervalMining", 0)
    try:
        time.sleep(MISBEHAVES_S)
        fee = int(chain.web3.eth.get_block("latest")["baseFeePerGas"])
        chain.rpc("anvil_setNextBlockBaseFeePerGas", hex(max(20 * fee, 20 * 10**9)))
        chain.rpc("evm_setIntervalMining", 1)
        scene.complete(frame)
    finally:
        chain.rpc("evm_setIntervalMining", 1)
        chain.rpc("evm_setAutomine", True)
    scene.complete(scene.seal())


def database_locked(scene: Scene) -> None:
    """Another process holds the lock of every store for longer than a worker waits for it."""
    with ExitStack() as held:
        for place in scene.of.places:
            url = place.environment["TRIBUNE_STORE_URL"]
            if scene.postgres is None:
                connection = sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None, timeout=30)
                held.callback(connection.close)
                connection.execute("BEGIN IMMEDIATE")
            else:
                other = psycopg.connect(url.replace("+psycopg", ""))
                held.callback(other.close)
                other.execute("SELECT pg_advisory_xact_lock(%s)", [WRITE_LOCK])
        frame = scene.seal()
        time.sleep(BUSY_TIMEOUT_MS / 1000 + 2)
    scene.complete(frame)


def database_cut(scene: Scene) -> None:
    """All connections to the databases break, again and again."""
    if scene.postgres is None:
        raise NotImplementedError("a SQLite file has no connections")
    frame = scene.seal()
    for _ in range(10):
        for place in scene.of.places:
            scene.postgres.disconnect(place.environment["TRIBUNE_STORE_URL"])
        time.sleep(0.2)
    scene.complete(frame)


def disk_full(scene: Scene) -> None:
    """The first monitor's disk is full up to some pages, more of them each time: each write once fails."""
    disk = scene.disk
    if disk is None:
        raise NotImplementedError("no right to mount a small disk")
    ballast = disk / "ballast"
    own = scene.of.panel[0]
    for room_kb in ROOMS_KB:
        _fill(ballast, room_kb)
        try:
            frame = scene.seal()
            scene.of.wait(
                lambda frame=frame: scene.of.complete(scene.model, frame, but={own}), 120, "the others"
            )
            for _ in range(10):
                scene.tend()
                time.sleep(0.2)
        finally:
            ballast.unlink()
        scene.complete(frame)


def _fill(ballast: Path, room_kb: int) -> None:
    """Write until nothing fits any more, and take some of it away again."""
    with ballast.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(4096))
        except OSError as fault:
            if fault.errno != errno.ENOSPC:
                raise
        file.truncate(max(0, file.tell() - room_kb * 1024))


def clocks(scene: Scene) -> None:
    """One worker's clock is ten minutes fast, another's ten minutes slow."""
    if not LIBFAKETIME.exists():
        raise NotImplementedError("libfaketime is not installed")
    _, fast, slow = scene.of.places
    for place, seconds in ((fast, 600), (slow, -600)):
        scene.of.fleet.end(place)
        scene.skewed(seconds).start(place)
    try:
        for _ in range(3):
            frame = scene.seal()
            scene.of.wait(lambda frame=frame: scene.of.complete(scene.model, frame), 120, f"frame {frame}")
    finally:
        for place, seconds in ((fast, 600), (slow, -600)):
            scene.skewed(seconds).end(place)
            scene.of.fleet.start(place)


def same_key_same_store(scene: Scene) -> None:
    """A second process has key and store: it stands down and says why; when the first dies, it takes over."""
    first = scene.of.places[0]
    twin = scene.twin(first)
    scene.of.fleet.start(twin)
    scene.complete(scene.seal())
    scene.of.wait(lambda: "stands down" in twin.log.read_text("utf-8"), 60, "the second's standing down")
    scene.of.fleet.kill(first)
    frame = scene.seal()
    scene.of.wait(lambda: scene.of.complete(scene.model, frame), 120, "the second's taking over")
    if '"signed"' not in twin.log.read_text("utf-8"):
        raise FaultError("the second process reported nothing after the first had died")
    scene.of.fleet.end(twin)
    scene.of.fleet.start(first)


def same_key_other_store(scene: Scene) -> None:
    """A second process has the key and a store of its own: whatever it does, one report counts."""
    twin = scene.twin(scene.of.places[0], store_url=f"sqlite:///{scene.of.world.root}/twin.db")
    twin.environment["TRIBUNE_EVIDENCE_READ_URLS"] = twin.environment["TRIBUNE_EVIDENCE_READ_URLS"].replace(
        "[", f'["{scene.of.places[0].folder}/evidence", ', 1
    )
    scene.of.fleet.start(twin)
    for _ in range(3):
        scene.complete(scene.seal())
    scene.of.fleet.end(twin)


CASES = (
    Case("node down", partial(node, fault=Fault.DOWN), quick=True),
    Case("node silent", partial(node, fault=Fault.SILENT)),
    Case("node slow (1.5 s an answer)", partial(node, fault=Fault.SLOW, amount=1.5)),
    Case("node of another chain", partial(node, fault=Fault.WRONG_CHAIN)),
    Case("node lagging", lagging),
    Case("node drops transactions that it accepted", partial(node, fault=Fault.FORGETS), quick=True),
    Case("node breaks off after accepting", lost_answer),
    Case("node talks nonsense", partial(node, fault=Fault.GARBAGE)),
    Case("node answers a web page", partial(node, fault=Fault.HTML)),
    Case("node contradicts itself", partial(node, fault=Fault.CONTRADICTS)),
    Case("node refuses batches", partial(node, fault=Fault.REFUSES_BATCHES)),
    Case("node limits the rate", partial(node, fault=Fault.RATE_LIMITS)),
    Case("websocket cut", socket_cut),
    Case("reorg of 1 through a report", partial(reorg_of_report, depth=1)),
    Case("reorg of 5 through a report", partial(reorg_of_report, depth=5), quick=True),
    Case("reorg of 30 through a report", partial(reorg_of_report, depth=30)),
    Case("reorg of 1 through a pause", partial(reorg_of_pause, depth=1)),
    Case("reorg of 5 through a pause", partial(reorg_of_pause, depth=5)),
    Case("reorg of 30 through a pause", partial(reorg_of_pause, depth=30)),
    Case("node restarted from its saved state", node_restarted),
    Case("nonce gap", nonce_gap),
    Case("nonce used by another", nonce_used),
    Case("fee spike", fee_spike),
    Case("disk full at each write", disk_full),
    Case("database locked", database_locked),
    Case("database connections cut", database_cut),
    Case("clocks 10 minutes fast and slow", clocks),
    Case("same key twice, one store", same_key_same_store),
    Case("same key twice, two stores", same_key_other_store),
)
