"""Our processes of the measuring benchmark, beside the command itself; each prints one JSON line last.

`profile REFERENCE OUT` makes the profile. `scan PROFILE DATA RUNS` times, warm and in turns, a plain scan,
our counting, and what a worker does with the same rows as a frame. `memory PROFILE DATA` runs the command and
says how much was held after its imports and at most. `slide PROFILE RUNS PART …` counts a window of 30
partitions anew, and slides it by one.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.monitoring import data
from bench.monitoring.meter import peak_mb, report

THREADS = 2
"""The machine of the goals has two cores; the plain scan has as many."""


def profile(reference: str, out: str) -> None:
    """Make the profile that everything else is measured by."""
    from tribune.metrics.spec import Column, ColumnKind, ModelSpec, Role
    from tribune_monitors.engines.duckdb_engine import DuckDBEngine
    from tribune_monitors.engines.fit import fit_profile

    number, category = ColumnKind.NUMERIC, ColumnKind.CATEGORY
    columns = [Column(name, number, Role.FEATURE) for name in data.NUMBERS]
    columns += [
        Column(name, category, Role.GROUP if name in data.GROUPS else Role.FEATURE)
        for name in data.CATEGORIES
    ]
    columns += [
        Column(data.LABEL, category, Role.LABEL),
        Column(data.PREDICTION, category, Role.PREDICTION),
        Column(data.SCORE, number, Role.SCORE),
    ]
    spec = ModelSpec(tuple(columns), intersections=(data.GROUPS,))
    made = fit_profile(DuckDBEngine(THREADS), [[Path(reference)]], (), spec, inline_labels=True)
    Path(out).write_bytes(made.canonical)
    report(rows=made.reference.rows)


def scan(profile_path: str, rows: str, runs: str) -> None:
    """Time a plain scan, our counting and a worker's whole frame in turns, all warm.

    The scan is told what our engine is told, which makes it faster than by default, and decodes every value:
    counting values would only read the file's footer.
    """
    import duckdb

    from tribune.metrics import Policy, Profile
    from tribune.metrics.measure import measure
    from tribune_monitors.engines.duckdb_engine import DuckDBEngine

    made, path = Profile.load(Path(profile_path)), Path(rows)
    engine = DuckDBEngine(THREADS)
    plain = duckdb.connect(
        config={"threads": THREADS, "enable_external_file_cache": False, "preserve_insertion_order": False}
    )
    sums = [f"sum({name})" for name in (*data.NUMBERS, data.LABEL, data.PREDICTION, data.SCORE)]
    sums += [f"sum(strlen({name}))" for name in data.CATEGORIES]
    statement = f"SELECT {', '.join(sums)} FROM read_parquet('{path}')"  # noqa: S608 - names of ours

    def frame() -> None:
        tally = engine.count([path], (), made, inline_labels=True)
        measure(Policy(()), made, tally, tally)

    jobs: dict[str, Callable[[], object]] = {
        "scan": lambda: plain.execute(statement).fetchall(),
        "count": lambda: engine.count([path], (), made, inline_labels=True),
        "frame": frame,
    }
    found: dict[str, list[float]] = {name: [] for name in jobs}
    for turn in range(int(runs) + 1):
        for name, job in jobs.items():
            seconds = timed(job)
            if turn:  # the first warms up
                found[name].append(seconds)
    report(**found)


def memory(profile_path: str, rows: str) -> None:
    """Run the command in this process, after what it imports."""
    import duckdb  # noqa: F401

    import tribune_monitors.local
    import tribune_monitors.sources.opening  # noqa: F401
    from tribune.cli import app

    imports = peak_mb()
    with TemporaryDirectory() as folder:
        out = Path(folder) / "report.json"
        app(
            ["measure", rows, "--profile", profile_path, "--format", "json", "--output", str(out)],
            standalone_mode=False,
        )
        report(imports_mb=imports, results=out.stat().st_size)


def slide(profile_path: str, runs: str, *parts: str) -> None:
    """Count the first 30 partitions; then, with their tallies kept, the last 30, also as if restarted."""
    from tribune.metrics import Profile
    from tribune_monitors.engines.base import Engine
    from tribune_monitors.engines.duckdb_engine import DuckDBEngine
    from tribune_monitors.engines.kept import KeptTallies

    made, paths = Profile.load(Path(profile_path)), [Path(part) for part in parts]
    engine = DuckDBEngine(THREADS)
    found: dict[str, list[float]] = {"recount": [], "slide": [], "restarted": []}
    for _ in range(int(runs)):
        with TemporaryDirectory() as folder:
            running = KeptTallies(engine, Path(folder))
            running.count(paths[:-1], (), made, inline_labels=True)
            counters: dict[str, Engine] = {
                "recount": engine,
                "slide": running,
                "restarted": KeptTallies(engine, Path(folder)),
            }
            for name, counter in counters.items():
                start = time.perf_counter()
                counter.count(paths[1:], (), made, inline_labels=True)
                found[name].append(time.perf_counter() - start)
    report(**found)


def timed(job: Callable[[], object]) -> float:
    """Return the seconds that something takes."""
    start = time.perf_counter()
    job()
    return time.perf_counter() - start


if __name__ == "__main__":
    jobs: dict[str, Callable[..., None]] = {
        "profile": profile,
        "scan": scan,
        "memory": memory,
        "slide": slide,
    }
    jobs[sys.argv[1]](*sys.argv[2:])
