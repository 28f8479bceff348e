"""How fast an index is rebuilt from a real node, and how fast an outbox drains: whole processes.

Run with `make bench NAME=index`. A chain of 100,000 events of our contracts is made on anvil by contracts
that emit what they are given, twenty events of one kind a block. Then a process of its own reads it into an
empty store, once in SQLite and once in PostgreSQL (one that waits for the disk), and another drains 1,000 due
outbox rows whose handler does nothing. The figures include the processes' start.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import resource
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from support.anvil import CHAIN_ID, Anvil
from support.postgres import Postgres
from tribune.chain.client import Chain
from tribune.chain.codec import load_abi, type_of
from tribune.ids import Address
from tribune.store.queries import enqueue, outbox_row
from tribune.store.session import open_store
from tribune.store.states import OutboxState
from tribune.sync.indexer import Indexer
from tribune.sync.outbox import Outbox

EVENTS, PER_BLOCK, ROWS = 100_000, 20, 1_000
GOAL_PER_S = 3_000
MIX = (
    *(("ReportHub", "Attested"),) * 3,
    ("ReportHub", "ReportJudged"),
    ("DecisionLog", "FrameAnchored"),
    *(("PauseGovernor", "VoteCast"),) * 5,
)
"""Kinds of blocks, in turns: a report of three monitors, its judgement, an anchor, votes."""
PAYER = "0xa0Ee7A142d267C1f36714E4a8F75612F20a79720"


def main() -> int:
    """Measure and print one JSON line last; progress goes to stderr. Fails where a figure misses its goal."""
    given = _arguments()
    if given.rebuild:
        return asyncio.run(_rebuild(*given.rebuild))
    if given.drain:
        return asyncio.run(_drain(given.drain))
    rows: list[dict[str, Any]] = []
    with ExitStack() as held:
        anvil = held.enter_context(Anvil.start())
        started = time.perf_counter()
        contracts, blocks = asyncio.run(_make(anvil.http_url, given.events, given.per_block))
        say(f"{given.events:,} events in {blocks:,} blocks, made in {time.perf_counter() - started:.0f} s")
        folder = Path(held.enter_context(TemporaryDirectory(prefix="tribune-bench-")))
        server = Postgres.start(hasty=False)
        held.callback(server.stop)
        stores = {
            "SQLite": f"sqlite:///{folder / 'store.db'}",
            "PostgreSQL": held.enter_context(server.fresh()),
        }
        for title, url in stores.items():
            wall, found = _process("--rebuild", anvil.http_url, url, json.dumps(contracts))
            if found["events"] != given.events:
                raise SystemExit(f"{title}: {found['events']} events of {given.events}")
            rate = given.events / wall
            rows.append(_row(f"rebuild, {title}", "events/s", rate, GOAL_PER_S, found["peak_mb"]))
            wall, found = _process("--drain", url)
            if not found["in_order"]:
                raise SystemExit(f"{title}: rows were not drained in order")
            rows.append(_row(f"{ROWS:,} due outbox rows, {title}", "s", wall, None, found["peak_mb"]))
    print(json.dumps({"bench": "index", "blocks": blocks, "rows": rows}))
    return 0 if all(row["ok"] for row in rows) else 1


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _row(title: str, unit: str, value: float, goal: float | None, peak_mb: float) -> dict[str, Any]:
    say(f"{title}: {value:,.1f} {unit}, {peak_mb:.0f} MB" + (f" (goal {goal:,})" if goal else ""))
    ok = goal is None or value >= goal
    return {
        "title": title,
        "unit": unit,
        "value": round(value, 2),
        "goal": goal,
        "ok": ok,
        "peak_mb": peak_mb,
    }


def _process(*arguments: str) -> tuple[float, dict[str, Any]]:
    started = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-m", "bench.index", *arguments], check=True, stdout=subprocess.PIPE, timeout=600
    )
    return time.perf_counter() - started, json.loads(done.stdout)


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


# What is measured, in processes of their own


async def _rebuild(node: str, url: str, contracts: str) -> int:
    followed = {Address(address): load_abi(name) for name, address in json.loads(contracts).items()}
    with open_store(url) as store:
        async with Chain(node, chain_id=CHAIN_ID) as chain:
            events = await Indexer(chain, store, followed).catch_up()
    print(json.dumps({"events": events, "peak_mb": _peak_mb()}))
    return 0


async def _drain(url: str) -> int:
    done: list[str] = []

    async def note(key: str, payload: dict[str, Any]) -> None:
        done.append(key)

    keys = [f"report/{number}" for number in range(ROWS)]
    with open_store(url) as store:
        with store.session() as session:
            for key in keys:
                enqueue(session, key, "bench", {})
        await Outbox(store, {"bench": note}).drain()
        last = await store.read(outbox_row, keys[-1])
    in_order = done == keys and last is not None and last.state == OutboxState.DONE
    print(json.dumps({"in_order": in_order, "peak_mb": _peak_mb()}))
    return 0


# The chain


async def _make(node: str, events: int, per_block: int) -> tuple[dict[str, str], int]:
    """Make the chain; return contract → address, and the number of blocks."""
    luck = random.Random(7)  # noqa: S311
    async with Chain(node, chain_id=CHAIN_ID, timeout_s=60) as chain:
        addresses = {}
        for name, topics in (("ReportHub", 4), ("DecisionLog", 4), ("PauseGovernor", 2)):
            code = "0x" + _emitter(topics).hex()
            sent = await chain.request("eth_sendTransaction", {"from": PAYER, "data": code})
            receipt = await chain.wait_receipt(sent, 10)
            if receipt is None or receipt.contract_address is None:
                raise SystemExit("anvil did not deploy")
            addresses[name] = receipt.contract_address
        await chain.request("evm_setAutomine", False)  # it would fall behind
        for call in _calls(luck, addresses, events, per_block):
            await chain.request("eth_sendTransaction", call)
            await chain.request("evm_mine")
        blocks = (await chain.head()).number
    return {name: str(address) for name, address in addresses.items()}, blocks


def _calls(
    luck: random.Random, addresses: dict[str, Address], events: int, per_block: int
) -> Iterator[dict[str, str]]:
    from eth_abi.abi import encode

    for number in range(0, events, per_block):
        name, event = MIX[number // per_block % len(MIX)]
        abi = load_abi(name)
        topic = abi.topic(event)
        inputs = abi.events[topic]["inputs"]
        indexed = [encode([type_of(p)], [_value(p, luck)]) for p in inputs if p["indexed"]]
        plain = [p for p in inputs if not p["indexed"]]
        data = encode([type_of(p) for p in plain], [_value(p, luck) for p in plain])
        count = min(per_block, events - number).to_bytes(32, "big")
        calldata = b"".join((count, topic, *indexed, data))
        yield {"from": PAYER, "to": addresses[name], "data": "0x" + calldata.hex(), "gas": hex(5_000_000)}


def _value(parameter: dict[str, Any], luck: random.Random) -> Any:
    kind: str = parameter["type"]
    if kind.endswith("]"):
        return [_value({**parameter, "type": kind[: kind.rindex("[")]}, luck) for _ in range(3)]
    if kind == "tuple":
        return tuple(_value(part, luck) for part in parameter["components"])
    if kind == "string":
        return "I have seen the evidence and want it stopped."
    if kind == "bool":
        return luck.random() < 0.5
    if kind.startswith("bytes"):
        return luck.randbytes(int(kind[5:] or 64))
    if kind == "address":
        return "0x" + luck.randbytes(20).hex()
    return luck.getrandbits(min(64, int(kind.removeprefix("u").removeprefix("int")) - 1))


def _emitter(topics: int) -> bytes:
    """Return init code of a contract that logs, as often as its first word says, topics and data after it."""
    offset = 32 * (topics + 1)
    push_topics = b"".join(bytes([0x60, 32 * (i + 1), 0x35]) for i in reversed(range(topics)))
    log = bytes([0x61, *offset.to_bytes(2, "big"), 0x36, 0x03])  # length of the data
    log += bytes([0x80, 0x61, *offset.to_bytes(2, "big"), 0x60, 0, 0x37, 0x60, 0, 0xA0 + topics])
    again = bytes([0x60, 1, 0x90, 0x03, 0x60, 3, 0x56])  # count down, jump back
    body = push_topics + log + again
    end = 3 + 1 + 5 + len(body)
    code = bytes([0x60, 0, 0x35, 0x5B, 0x80, 0x15, 0x60, end, 0x57]) + body + bytes([0x5B, 0x00])
    return bytes([0x60, len(code), 0x60, 12, 0x60, 0, 0x39, 0x60, len(code), 0x60, 0, 0xF3]) + code


def _arguments(given: Sequence[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--events", type=int, default=EVENTS)
    parser.add_argument("--per-block", type=int, default=PER_BLOCK)
    parser.add_argument("--rebuild", nargs=3, help=argparse.SUPPRESS)
    parser.add_argument("--drain", help=argparse.SUPPRESS)
    return parser.parse_args(given)


if __name__ == "__main__":
    raise SystemExit(main())
