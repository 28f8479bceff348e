"""Recomputation of a report: what anyone with partitions and profile can do to settle a dispute.

It believes nothing but the files it is given: their digests are checked by who fetched them. Refuses evidence
of another profile, policy or schema, and answers otherwise with "the same" or the first cell that differs.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from typing import Any

from tribune.exceptions import EvidenceError
from tribune.ids import FrameIndex, ModelId, VersionNumber
from tribune.metrics.families.log_audit import LogAudit
from tribune.metrics.measure import measure_rules
from tribune.metrics.policies.policy import Policy
from tribune.metrics.profile import Profile
from tribune.metrics.published import (
    check_profile,
    column_cell_names,
    confusion_cell_names,
    group_cell_names,
    score_cell_names,
)
from tribune.metrics.tally import Tally
from tribune.metrics.value import Value
from tribune.reports.canonical import parse_canonical
from tribune.reports.evidence import (
    SCHEMA,
    Count,
    Evidence,
    EvidenceContext,
    FrameFiles,
    build_evidence,
    count_frame,
)


@dataclass(frozen=True)
class Verdict:
    """Outcome of a recomputation.

    Args:
        recomputed: the evidence as it should be.
        difference: the first cell that differs with both contents; "" where nothing does.
    """

    recomputed: Evidence
    difference: str

    @property
    def same(self) -> bool:
        """Whether the evidence is what recomputing gives, to the last byte."""
        return not self.difference


def recompute(
    context: EvidenceContext,
    profile: Profile,
    policy: Policy,
    frames: Sequence[FrameFiles | None],
    count: Count,
    audits: Mapping[FrameIndex, LogAudit] | None = None,
) -> Evidence:
    """Make a report's evidence from partitions.

    Args:
        context: what it is about.
        profile: by which to measure.
        policy: by which to judge.
        frames: files of the frames that rules look back over, oldest first, the reported frame last; None: a
            frame without anchor.
        count: an engine's `count`.
        audits: what was found in each frame's log, where the policy's rules ask for it.

    Raises:
        EvidenceError: partitions or an audit are missing.
    """
    audits = audits or {}
    *earlier, current = frames
    if current is None:
        raise EvidenceError("The reported frame has no sealed partitions.", mend="Fetch its manifest first.")
    asked = frames[-policy.audited_window :] if policy.audits else []
    unaudited = [files.frame for files in asked if files is not None and files.frame not in audits]
    if unaudited:
        raise EvidenceError(
            f"The log of frame {unaudited[0]} was not audited, but a rule asks for it.", frame=unaudited[0]
        )
    known: dict[tuple[tuple[Path, ...], tuple[Path, ...]], Tally] = {}

    def once(decisions: Sequence[Path], labels: Sequence[Path], by: Profile) -> Tally:
        key = tuple(decisions), tuple(labels)
        if key not in known:
            known[key] = count(decisions, labels, by)
        return known[key]

    def values(files: FrameFiles) -> Mapping[str, Value]:
        tallies = count_frame(files, profile, once)
        found = audits.get(files.frame)
        return measure_rules(policy, profile, tallies.tally, tallies.labelled, tallies.trailing, found)

    history = [None if files is None else values(files) for files in earlier]
    tallies = count_frame(current, profile, once, audits.get(current.frame))
    return build_evidence(context, profile, policy, tallies, history)


def verify_evidence(
    data: bytes,
    profile: Profile,
    policy: Policy,
    frames: Sequence[FrameFiles | None],
    count: Count,
    about: EvidenceContext | None = None,
    audits: Mapping[FrameIndex, LogAudit] | None = None,
) -> Verdict:
    """Recompute the evidence in `data` and compare it cell by cell; arguments as for `recompute`.

    `about` is what the chain says that it is about; None: as it says itself, which then is not checked.

    Raises:
        EvidenceError: when the bytes are no evidence, or evidence of another profile or of other rules.
    """
    document = parse_canonical(data)
    context = _context(document)
    check_profile(document, profile)
    if [rule.get("metric") for rule in document["rules"]] != [rule.metric for rule in policy.rules]:
        raise EvidenceError("This evidence was judged by other rules.", mend="Use the policy it names.")
    again = recompute(about or context, profile, policy, frames, count, audits)
    return Verdict(again, first_difference(document, parse_canonical(again.data), profile) or "")


def first_difference(given: Mapping[str, Any], recomputed: Mapping[str, Any], profile: Profile) -> str | None:
    """Return the first place where two documents differ: ids, then tallies, then what follows from them."""
    order = ["tally", "labelled", "rates", "audit", "values", "rules"]
    keys = sorted({*given, *recomputed} - set(order)) + order
    for key in keys:
        for place, (stated, found) in _leaves(given.get(key), recomputed.get(key), key):
            if stated != found:
                words = f"the evidence says {_said(stated)}, recomputing gives {_said(found)}"
                return f"{_name(place, profile)}: {words}"
    return None


_NOTHING = object()


def _leaves(
    given: Any, found: Any, *path: str | int
) -> Iterator[tuple[tuple[str | int, ...], tuple[Any, Any]]]:
    if isinstance(given, Mapping) and isinstance(found, Mapping):
        for key in sorted({*given, *found}):
            yield from _leaves(given.get(key, _NOTHING), found.get(key, _NOTHING), *path, key)
    elif isinstance(given, list) and isinstance(found, list):
        for place, (one, other) in enumerate(zip_longest(given, found, fillvalue=_NOTHING)):
            yield from _leaves(one, other, *path, place)
    else:
        yield path, (given, found)


def _name(path: tuple[str | int, ...], profile: Profile) -> str:
    """Return a place in words: which cell of which column, or which value."""
    spec = profile.spec
    match path:
        case ("tally", "columns", int(at), int(cell)) if at < len(spec.measured):
            name = spec.measured[at].name
            return f"{name}, {_cell(column_cell_names(profile, name), cell)}"
        case (("tally" | "labelled") as which, "groups", int(at), int(cell)) if at < len(spec.groups):
            return f"{which}, {_cell(group_cell_names(profile, spec.groups[at].name), cell)}"
        case (("tally" | "labelled") as which, "scores", int(cell)):
            return f"{which}, {_cell(score_cell_names(profile), cell)}"
        case (("tally" | "labelled") as which, "confusion", int(cell)):
            return f"{which}, {_cell(confusion_cell_names(profile), cell)}"
        case ("audit", "leaves" | "replay" as which, str(part), *_):
            return f"audit of the log, {which}, {part}"
        case ("values", str(metric), str(part)):
            return f"{metric}, {part}"
    return ".".join(str(step) for step in path)


def _cell(names: Sequence[str], place: int) -> str:
    return names[place] if place < len(names) else f"cell {place}"


def _said(value: Any) -> str:
    if value is None:
        return "nothing (or merged)"
    return "no such cell" if value is _NOTHING else repr(value)


def _context(document: Mapping[str, Any]) -> EvidenceContext:
    if document.get("schema") != SCHEMA:
        raise EvidenceError(f"This is no evidence of schema {SCHEMA}.")
    try:
        return EvidenceContext(
            chain=int(document["chain"]),
            model=ModelId(int(document["model"])),
            version=VersionNumber(int(document["version"])),
            frame=FrameIndex(int(document["frame"])),
            start_us=int(document["start"]),
            end_us=int(document["end"]),
            manifest=_word(document["manifest"]),
            policy=_word(document["policy"]),
            manifests=tuple((int(frame), _word(sha)) for frame, sha in document["manifests"]),
            min_cell=int(document["min_cell"]),
        )
    except (KeyError, TypeError, ValueError) as fault:
        raise EvidenceError(f"The evidence cannot be read: {fault}.") from fault


def _word(text: str) -> bytes:
    return bytes.fromhex(text.removeprefix("0x"))
