"""Our processes of the measuring benchmark, beside the command itself; each prints one JSON line last.

`profile REFERENCE OUT` makes the profile. `scan PROFILE DATA RUNS` times, warm and in turns, a plain scan and
our counting; `frame PROFILE DECISIONS LABELS RUNS` a plain scan and what a running worker does with a frame.
`memory PROFILE DATA` runs the command and says how much was held after its imports and at most. `slide
PROFILE RUNS PART …` counts a window of 30 partitions anew, and slides it by one.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.monitoring import data
from bench.monitoring.meter import peak_mb, report

THREADS = 2
"""The machine of the goals has two cores; the plain scan has as many."""


def profile(reference: str, out: str) -> None:
    """Make the profile that everything else is measured by."""
    from tribune_monitors.engines.duckdb_engine import DuckDBEngine
    from tribune_monitors.engines.fit import fit_profile

    spec = data.model_spec(intersections=(data.GROUPS,))
    made = fit_profile(DuckDBEngine(THREADS), [[Path(reference)]], (), spec, inline_labels=True)
    Path(out).write_bytes(made.canonical)
    report(rows=made.reference.rows)


def scan(profile_path: str, rows: str, runs: str) -> None:
    """Time a plain scan and our counting in turns, warm."""
    from tribune.metrics import Profile
    from tribune_monitors.engines.duckdb_engine import DuckDBEngine

    made, engine = Profile.load(Path(profile_path)), DuckDBEngine(THREADS)
    in_turns(
        int(runs),
        scan=plain_scan({rows: data.COLUMNS}),
        count=lambda: engine.count([Path(rows)], (), made, inline_labels=True),
    )


def frame(profile_path: str, decisions: str, labels: str, runs: str) -> None:
    """Time a plain scan and what a running worker does with a new frame, labels joined by id, all metrics."""
    from tribune.ids import FrameIndex
    from tribune.metrics import Policy, Profile
    from tribune.metrics.measure import measure
    from tribune.reports.evidence import FrameFiles, count_frame
    from tribune_monitors.engines.duckdb_engine import DuckDBEngine

    made, engine = Profile.load(Path(profile_path)), DuckDBEngine(THREADS)
    own = (Path(decisions),)
    files = FrameFiles(FrameIndex(1), bytes(32), own, own, (Path(labels),))

    def work() -> None:
        tallies = count_frame(files, made, engine.count)
        measure(Policy(()), made, tallies.tally, tallies.labelled)

    logged = [name for name in data.COLUMNS if name != data.LABEL]
    read = {decisions: ["id", *logged], labels: ["id", "time", data.LABEL]}
    in_turns(int(runs), scan=plain_scan(read), frame=work)


def plain_scan(files: Mapping[str, Sequence[str]]) -> Callable[[], None]:
    """Return a scan of columns that decodes every value: to count values would only read a file's footer.

    It is told what our engine is told, which makes it faster than by default.
    """
    import duckdb

    connection = duckdb.connect(
        config={"threads": THREADS, "enable_external_file_cache": False, "preserve_insertion_order": False}
    )
    texts = {*data.CATEGORIES, "id"}
    statements = [
        f"SELECT {', '.join(f'sum(strlen({n}))' if n in texts else f'sum({n})' for n in names)} "  # noqa: S608
        f"FROM read_parquet('{path}')"
        for path, names in files.items()
    ]

    def run() -> None:
        for statement in statements:
            connection.execute(statement).fetchall()

    return run


def in_turns(runs: int, **jobs: Callable[[], object]) -> None:
    """Time jobs in turns, once more than counted: the first turn warms up."""
    found: dict[str, list[float]] = {name: [] for name in jobs}
    for turn in range(runs + 1):
        for name, job in jobs.items():
            start = time.perf_counter()
            job()
            if turn:
                found[name].append(time.perf_counter() - start)
    report(**found)


def memory(profile_path: str, rows: str) -> None:
    """Run the command in this process, after what it imports."""
    import duckdb  # noqa: F401

    import tribune_monitors.measurement.local
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
    from tribune_monitors.sources.readings import Readings

    made, paths = Profile.load(Path(profile_path)), [Path(part) for part in parts]
    engine, readings = DuckDBEngine(THREADS), Readings()
    for path in paths:  # a worker has checked every file against the chain before it counts
        readings.sha256(path)
    found: dict[str, list[float]] = {}
    for _ in range(int(runs)):
        with TemporaryDirectory() as folder:
            running = KeptTallies(engine, Path(folder), readings)
            running.count(paths[:-1], (), made, inline_labels=True)
            counters: dict[str, Engine] = {
                "recount": engine,
                "slide": running,
                "restarted": KeptTallies(engine, Path(folder), readings),
            }
            for name, counter in counters.items():
                start, busy = time.perf_counter(), time.process_time()
                counter.count(paths[1:], (), made, inline_labels=True)
                found.setdefault(name, []).append(time.perf_counter() - start)
                found.setdefault(f"{name}_cpu", []).append(time.process_time() - busy)
    report(**found)


if __name__ == "__main__":
    jobs: dict[str, Callable[..., None]] = {
        "profile": profile,
        "scan": scan,
        "frame": frame,
        "memory": memory,
        "slide": slide,
    }
    jobs[sys.argv[1]](*sys.argv[2:])
