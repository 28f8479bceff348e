"""Measuring data of one's own, without a chain: the same tally, metrics and evidence as a monitor's report.

Where a monitor has a sealed frame, here are the rows as they are, as frame 0: rules are judged on them alone.
The document names no chain and no model. Signs nothing and sends nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tribune.exceptions import DataError
from tribune.ids import FrameIndex, ModelId, VersionNumber
from tribune.metrics import ModelSpec, Policy, Profile, Tally
from tribune.metrics.spec import Role
from tribune.reports.canonical import canonical_bytes
from tribune.reports.evidence import Evidence, EvidenceContext, FrameTallies, build_evidence
from tribune.reports.findings import findings, is_empty
from tribune.wording import counted
from tribune_monitors.engines import open_engine
from tribune_monitors.engines.base import Tell
from tribune_monitors.engines.duckdb_engine import DuckDBEngine
from tribune_monitors.engines.fit import NoValueError, fit_profile
from tribune_monitors.sources.blocks import split
from tribune_monitors.sources.export import read_source
from tribune_monitors.sources.ids import repeated_ids
from tribune_monitors.sources.opening import connect
from tribune_monitors.sources.spec import SourceSpec
from tribune_monitors.telling import Say, say_nothing


@dataclass(frozen=True)
class Measured:
    """A measurement.

    Args:
        evidence: the document and the rules' values.
        findings: what to know about the data first, in words.
        tally: what was counted, labels included.
        labelled: whether there were labels.
    """

    evidence: Evidence
    findings: tuple[str, ...]
    tally: Tally
    labelled: bool


def measure_source(
    source: SourceSpec,
    profile: Profile,
    policy: Policy,
    folder: Path,
    *,
    engine: str = "duckdb",
    threads: int = 1,
    tallies: Path | None = None,
    say: Say = say_nothing,
) -> Measured:
    """Measure data against a profile.

    Args:
        source: the data.
        profile: what to compare it with.
        policy: rules to judge it by; `Policy(())` for none.
        folder: empty; takes copies and partitions.
        engine: what counts them, by name; the result does not depend on it.
        threads: to count with.
        tallies: folder that keeps what was counted of each partition; None: count all of them.
        say: is told of progress.

    Raises:
        DataError: the data cannot be read.
        ConfigurationError, PolicyError: source or policy do not fit the model, or the engine is missing.
    """
    from concurrent.futures import ThreadPoolExecutor

    from tribune_monitors.engines.kept import KeptTallies

    policy.check(profile)
    say("Reading the data")
    cursor = connect(folder, threads)
    partitions = read_source(cursor, profile.spec, source, folder)
    say("Looking for ids that come twice")
    told = [*partitions.findings, *repeated_ids(cursor, profile.spec, partitions)]
    cursor.close()
    say("Counting")
    labelled = partitions.inline or bool(partitions.labels)
    counts = 1 if tallies is None else len(partitions.decisions)  # those that are kept are one each
    counter = open_engine(engine, threads, tell=_percent(say, counts))
    if tallies is not None:
        counter = KeptTallies(counter, tallies)
    with ThreadPoolExecutor(1) as beside:
        digest = beside.submit(_files_digest, (*partitions.decisions, *partitions.labels))
        tally = counter.count(
            partitions.decisions, partitions.labels, profile, inline_labels=partitions.inline
        )
    say("Measuring")
    context = EvidenceContext(
        chain=0,
        model=ModelId(0),
        version=VersionNumber(0),
        frame=FrameIndex(0),
        start_us=source.start_us or 0,
        end_us=source.end_us or 0,
        manifest=digest.result(),
        policy=hashlib.sha256(canonical_bytes([list(rule) for rule in policy.on_chain()])).digest(),
        manifests=(),
    )
    evidence = build_evidence(context, profile, policy, FrameTallies(tally, tally if labelled else None))
    told += _renamed(source, profile, tally)
    return Measured(evidence, _with_findings(told, profile, tally, labelled=labelled), tally, labelled)


def profile_source(
    source: SourceSpec,
    spec: ModelSpec,
    folder: Path,
    *,
    blocks: int | None = None,
    threads: int = 1,
    say: Say = say_nothing,
) -> tuple[Profile, tuple[str, ...]]:
    """Make a profile of reference data; return it with what to know about the data.

    Args:
        source: the reference: held-out rows, never those that the model was trained on.
        spec: the model's columns.
        folder: empty; takes copies and partitions.
        blocks: consecutive blocks that are compared with each other; None: 10 where rows have times, else 1.
        threads: to count with.
        say: is told of progress.

    Raises:
        DataError: the data cannot be read, or a column of the model is missing in it or has no value.
    """
    say("Reading the reference")
    cursor = connect(folder, threads)
    timed = bool(spec.with_role(Role.TIME)) and blocks != 1
    partitions = read_source(cursor, spec, source, folder, timed=timed)
    told = [*partitions.findings, *repeated_ids(cursor, spec, partitions)]
    count = blocks or (10 if timed else 1)
    if count == 1 and blocks is None:
        told.append(
            "No column is a time, so how much days differ from each other is not known; --blocks 10 compares "
            "tenths of the rows in their order."
        )
    pieces: Sequence[Sequence[Path]] = [partitions.decisions]
    if count > 1:
        say("Cutting the reference into blocks")
        pieces = split(cursor, partitions.decisions, spec, count, folder / "blocks", timed=timed)
    cursor.close()
    say("Looking for ranges and values")
    engine = DuckDBEngine(threads, _percent(say, len(pieces)))
    try:
        profile = fit_profile(engine, pieces, partitions.labels, spec, inline_labels=partitions.inline)
    except NoValueError as fault:
        why = [line for line in told if line.partition(":")[0] == fault.ids["column"]]
        raise DataError(" ".join([fault.message, *why]), mend=fault.mend, **fault.ids) from fault
    labelled = partitions.inline or bool(partitions.labels)
    return profile, _with_findings(told, profile, profile.reference, labelled=labelled)


def _percent(say: Say, counts: int) -> Tell:
    """Return what says how much is done of so many counts, one after the other."""
    finished = 0

    def tell(done: int, of: int) -> None:
        nonlocal finished
        say("Counting", min(1.0, (finished * of + done) / (counts * of)))
        finished += done == of

    return tell


def _with_findings(told: Sequence[str], profile: Profile, tally: Tally, *, labelled: bool) -> tuple[str, ...]:
    """Return what reading told, then what the tally tells of subjects that reading said nothing of."""
    known = {line.partition(":")[0] for line in told}
    found = findings(profile, tally, labelled=labelled)
    return (*told, *(line for line in found if line.partition(":")[0] not in known))


def _renamed(source: SourceSpec, profile: Profile, tally: Tally) -> list[str]:
    """Say where to name fields, if values may only have another name than in the reference."""
    names = [column.name for column in profile.spec.measured]
    gone = [
        name
        for name in names
        if is_empty(profile, tally, name) and not is_empty(profile, profile.reference, name)
    ]
    if not gone or source.rows.columns or not tally.rows:
        return []
    empty = counted(len(gone), "column of the reference is", "columns of the reference are")
    return [f"{empty} empty here. If fields have other names in this data, --source FILE says which."]


def _files_digest(files: Sequence[Path]) -> bytes:
    """Return the sha-256 over the files' own, in order: which data was measured."""
    whole = hashlib.sha256()
    for path in files:
        with path.open("rb") as file:
            whole.update(hashlib.file_digest(file, "sha256").digest())
    return whole.digest()
