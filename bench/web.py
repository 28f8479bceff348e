"""How long the pages take with 1,000 models and 20,000 reports in the store: the real process, asked by HTTP.

Run with `make bench NAME=web`; `ARGS="--models 100 --requests 20"` for a look, `ARGS="--only /m/"` for some.
Every route of the application that is read is asked, so that a new page is measured by itself; the order is
shuffled, so that no page has the caches to itself. A time is that of one request on a connection that stays
open, from the first byte sent to the last one read, with nothing else asked meanwhile; beside it stands what
the process computed for it, which a busy machine does not change.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import re
import statistics
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import urlsplit

from starlette.routing import BaseRoute, Mount, Route

from bench.webbing.stand import Stand, standing

MODELS, FRAMES, REQUESTS = 1_000, 20, 100
GOAL_MS = 150.0
_PART = re.compile(r"\{(\w+)(?::\w+)?\}")

QUERIES: Mapping[str, Sequence[str]] = {
    "/": ("", "page=7", "q=hiring&show=stopped"),
    "/audit": (
        *("", "page=900", "kind=cases", "model={model_id}", "kind=ballots&who={holder}&from={day}"),
        *("who={address}", "model={model_id}&format=csv", "model={model_id}&format=json"),
    ),
    "/api/ballots/{case_id}/message": ("voter={voter}&support=1",),
    "/api/proposals/{number}/message": ("voter={voter}&support=1",),
    "/api/ballots/{case_id}/transaction": ("voter={undecided}&support=1",),
    "/api/proposals/{number}/transaction": ("voter={undecided}&support=1",),
    "/api/delegation": ("wallet={voter}",),
    "/api/v1/models": ("", "limit=100", "name=hiring&state=Active"),
    "/api/v1/audit": (
        "",
        "cursor=AAAAAAAAJxAAAAAA",
        "model={model}&limit=100",
        "kind=cases&account={holder}",
    ),
    "/api/v1/monitors": ("", "limit=100"),
}
"""What stands behind the question mark, by route, where an address alone asks nothing, or not all."""


@dataclass(frozen=True)
class Asked:
    """A page with the addresses that it is asked at."""

    title: str
    addresses: tuple[str, ...]
    """Asked in turns; empty where bench/webbing/stand.py has no sample for a part of them."""


def main() -> int:
    """Measure and print one JSON line last; progress goes to stderr. Fails where a page misses its goal."""
    given = _arguments()
    with TemporaryDirectory(prefix="tribune-bench-") as folder:
        rows, facts = asyncio.run(_measure(Path(folder), given))
    print(json.dumps({"bench": "web", **facts, "rows": rows}))
    return 0 if all(row["met"] for row in rows) else 1


async def _measure(folder: Path, given: argparse.Namespace) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    started = time.monotonic()
    async with standing(folder, given.models, given.frames) as stand:
        took = time.monotonic() - started
        reports = stand.past.reports
        _say(f"{stand.events:,} events, {given.models:,} models, {reports:,} reports, made in {took:.0f} s")
        pages = [page for page in _pages(stand) if given.only in page.title]
        rows = await asyncio.to_thread(_ask_all, stand, pages, given.requests)
        peak_mb = _peak_mb(stand.pid)
    _say(f"the pages' process held {peak_mb} MB at most")
    facts = {"models": given.models, "reports": reports, "events": stand.events, "peak_mb": peak_mb}
    return rows, facts


def _pages(stand: Stand) -> Iterator[Asked]:
    """Yield every route that is read, with addresses that exist."""
    for route in _routes(stand.app.routes):
        for query in QUERIES.get(route.path, ("",)):
            title = f"{route.path}?{query}" if query else route.path
            names = _PART.findall(title)
            if any(name not in stand.samples for name in names):
                yield Asked(title, ())
                continue
            count = max((len(stand.samples[name]) for name in names), default=1)
            yield Asked(title, tuple(_address(title, stand.samples, place) for place in range(count)))


def _routes(routes: Sequence[BaseRoute], below: str = "") -> Iterator[Route]:
    for route in routes:
        if isinstance(route, Mount):
            yield from _routes(route.routes, below + route.path)
        elif isinstance(route, Route) and "GET" in (route.methods or ()):
            yield Route(below + route.path, route.endpoint) if below else route


def _address(path: str, samples: Mapping[str, Sequence[str]], place: int) -> str:
    return _PART.sub(lambda part: samples[part[1]][place % len(samples[part[1]])], path)


def _ask_all(stand: Stand, pages: Sequence[Asked], requests: int) -> list[dict[str, Any]]:
    """Ask each page so many times, in turns; once before, which is not counted."""
    luck = random.Random(7)  # noqa: S311
    took: dict[str, list[float]] = {page.title: [] for page in pages}
    sizes: dict[str, int] = {}
    faults: dict[str, str] = {}
    computed = dict.fromkeys(took, 0.0)
    parts = urlsplit(stand.site)
    connection = HTTPConnection(parts.hostname or "", parts.port, timeout=60)
    known = [page for page in pages if page.addresses]
    for turn in range(requests + 1):
        for page in luck.sample(known, len(known)):
            address = page.addresses[turn % len(page.addresses)]
            before, started = _computed_ms(stand.pid), time.perf_counter()
            connection.request("GET", address, headers={"Accept-Language": "en"})
            answer = connection.getresponse()
            sizes[page.title] = len(answer.read())
            if turn:
                took[page.title].append(1000 * (time.perf_counter() - started))
                computed[page.title] += (_computed_ms(stand.pid) - before) / requests
            if answer.status != 200:
                faults[page.title] = f"{address} answered {answer.status}"
    connection.close()
    titles = [page.title for page in known]
    rows = [_row(one, took[one], computed[one], sizes[one], faults.get(one)) for one in titles]
    return rows + [_unknown(page.title) for page in pages if not page.addresses]


def _row(title: str, took: Sequence[float], computed: float, size: int, fault: str | None) -> dict[str, Any]:
    cuts = statistics.quantiles(took, n=100) if len(took) > 1 else [took[0]] * 99
    p50, p95, p99 = (round(cuts[place - 1], 1) for place in (50, 95, 99))
    met = fault is None and p95 <= GOAL_MS
    times = f"p50 {p50:7.1f}  p95 {p95:7.1f}  p99 {p99:7.1f} ms"
    _say(f"{' ' if met else '✗'} {title:<52} {times}, computed {computed:6.1f} ms, {size:,} B  {fault or ''}")
    return {
        "name": title,
        "unit": "ms",
        "p50": p50,
        "p95": p95,
        "p99": p99,
        "computed_ms": round(computed, 1),
        "bytes": size,
        "goal": GOAL_MS,
        "fault": fault,
        "met": met,
    }


def _unknown(title: str) -> dict[str, Any]:
    fault = "not asked: bench/webbing/stand.py has no sample for a part of its address"
    _say(f"✗ {title:<52} {fault}")
    return {"name": title, "fault": fault, "met": False}


def _computed_ms(pid: int) -> float:
    """Return how long all threads of a process have been on a core."""
    spent = (part.read_text().split()[0] for part in Path(f"/proc/{pid}/task").glob("*/schedstat"))
    return sum(map(int, spent)) / 1e6


def _peak_mb(pid: int) -> int:
    return int(Path(f"/proc/{pid}/status").read_text().split("VmHWM:")[1].split()[0]) // 1024


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--models", type=int, default=MODELS)
    parser.add_argument("--frames", type=int, default=FRAMES, help="reports of each model")
    parser.add_argument("--requests", type=int, default=REQUESTS, help="of each page")
    parser.add_argument("--only", default="", help="pages whose route contains this")
    return parser.parse_args()


if __name__ == "__main__":
    raise SystemExit(main())
