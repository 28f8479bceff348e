"""From rows to a tally: which columns are read and which statements are run, the same on every engine.

An engine makes the views and runs the statements; what it finds is classified in Python. Knows no engine.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import count, islice
from operator import add
from typing import TYPE_CHECKING, Any

from tribune.exceptions import DataError
from tribune.metrics.binning import Binning, Categories, Grid
from tribune.metrics.scheme import Scheme
from tribune.metrics.scores import Scores, finer_for
from tribune.metrics.spec import ColumnKind, ModelSpec
from tribune.metrics.tally import Tally
from tribune_monitors.engines import sql
from tribune_monitors.engines.classify import OutcomeCounter, category_column, numeric_column, score_table
from tribune_monitors.engines.schema import Wanted
from tribune_monitors.engines.sql import Labels

if TYPE_CHECKING:
    from concurrent.futures import Future

    from tribune_monitors.engines.base import Tell

Run = Callable[[str], Iterable[tuple[Any, ...]]]
"""Runs a counting statement and gives its rows, in any order; from several threads at once."""
WIDE = 128
"""Columns beyond which a statement counts several: opening a file of so many costs more than counting one."""
TOGETHER = 64
_FEW = 4
"""Columns of few values that a statement counts even so: rows are read once, and it costs milliseconds."""
_HELD = 100_000  # rows of such a statement held at once


_Scored = tuple[bool, str | None, float | None, float | None, int]
"""Whether a label came, the label, a score's cell, its finer one, rows."""


class UnfitError(DataError):
    """A value has no key of sixteen bits."""


@dataclass
class _Joint:
    """What is counted from rows together with their labels."""

    counter: OutcomeCounter
    columns: dict[str, tuple[int, ...]] = field(default_factory=dict)
    scores: dict[str, Scores] = field(default_factory=dict)


def count_rows(
    scheme: Scheme,
    labels: Labels,
    run: Run,
    at_once: int = 1,
    *,
    stored: Container[str] = (),
    short_from: int | None = None,
    stops_early: bool = False,
    tell: Tell | None = None,
) -> Tally:
    """Count the rows of an engine's views.

    Args:
        scheme: by which to count.
        labels: where labels come from.
        run: runs a statement over `sql.ROWS` and, where labels are joined, `sql.LABELS`.
        at_once: how many statements run side by side.
        stored: which columns of `cast_late` the view has as they are in the files.
        short_from: rows from which on keys of sixteen bits are counted faster; `run` raises UnfitError for
            what has none. None: never.
        stops_early: whether a LIMIT ends a join at once, without gathering rows in one place.
        tell: is told of progress.
    """
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(at_once) as pool:  # the longest first, after what they wait for
        rows = pool.submit(row_count, run) if stops_early or short_from is not None else None

        def large() -> bool:
            return rows is not None and short_from is not None and rows.result() >= short_from

        joint = pool.submit(_joint, scheme, labels, run, rows if stops_early else None)
        label = pool.submit(_label, scheme, labels, run)
        numbers, others = _alone(scheme)
        several = others + _parts([names[0] for names in numbers if names[0] in stored], _FEW)
        single = [names for names in numbers if names[0] not in stored]
        alone = [pool.submit(_columns, scheme, names, run, stored, large) for names in several]
        scores = {
            name: pool.submit(_score, scheme, name, labels, run, lambda: joint.result().counter.labelled)
            for name in scheme.scored
            if labels is not Labels.JOINED
        }
        alone += [pool.submit(_columns, scheme, names, run, stored, large) for names in single]
        if tell is not None:
            _follow([joint, label, *alone, *scores.values()], tell)
    found = joint.result()
    for future in (label, *alone):
        found.columns |= future.result()
    for name, score in scores.items():
        found.columns[name], found.scores[name] = score.result()
    columns = found.counter.columns() | found.columns
    return Tally(
        found.counter.rows,
        {column.name: columns[column.name] for column in scheme.spec.counted},
        found.counter.outcomes(),
        {name: found.scores[name] for name in scheme.scored},
    )


def _follow(counted: Sequence[Future[Any]], tell: Tell) -> None:
    """Tell of each statement that is done."""
    done = count(1)
    for one in counted:
        one.add_done_callback(lambda _: tell(next(done), len(counted)))


def row_count(run: Run) -> int:
    """Return how many rows there are."""
    ((rows,),) = run(sql.ROW_COUNT)
    return int(rows)


def _joint(scheme: Scheme, labels: Labels, run: Run, counted: Future[int] | None) -> _Joint:
    """Count what needs labels; outcomes alone, where labels need no join and the rest is counted beside.

    `counted`: how many rows there are, where a LIMIT ends a join at once.
    """
    if labels is not Labels.JOINED:
        counter, groups = OutcomeCounter(scheme), len(scheme.spec.groups)
        for row in run(sql.outcome_counts(scheme, labels)):
            came, label, said, cell, n = row[groups:]
            counter.add((row[:groups], came, label, said), cell, n)
        return _Joint(counter)
    most, finer = None, 0
    if scheme.scored:
        ((labelled,),) = run(sql.LABELLED_MOST)
        finer = finer_for(labelled)
    if counted is not None:
        rows = counted.result()
        found = _joined(scheme, finer, run(sql.joined_counts(scheme, finer, rows + 1)))
        if found.counter.rows == rows:  # so no row had two labels to choose from
            most = rows + 1
    if most is None:
        found = _joined(scheme, finer, run(sql.joined_counts(scheme, finer)))
    asked = max((finer_for(table.rows) for table in found.scores.values() if table.rows), default=0)
    if asked > finer:  # most labels are of other rows
        found = _joined(scheme, asked, run(sql.joined_counts(scheme, asked, most)))
    found.scores = {name: table.as_fine_as_asked() for name, table in found.scores.items()}
    return found


def _joined(scheme: Scheme, finer: int, found: Iterable[tuple[Any, ...]]) -> _Joint:
    """Sort the rows of `sql.joined_counts`."""
    spec = scheme.spec
    names = [*scheme.scored, *([spec.label_name] if spec.has_errors else [])]
    by_cell: dict[str, list[_Scored]] = {name: [] for name in names}
    groups, scores = len(spec.groups), len(scheme.scored)
    counter = OutcomeCounter(scheme)
    for row in found:
        came, label, said, cell = row[groups : groups + 4]
        cells = row[groups + 4 :]
        left_out = cells[len(names) + scores : -1]
        if 0 in left_out:
            place = left_out.index(0)
            by_cell[names[place]].append((came, label, cells[place], cells[len(names) + place], row[-1]))
        else:
            counter.add((row[:groups], came, label, said), cell, row[-1])
    joint = _Joint(counter)
    for name, rows in by_cell.items():
        joint.columns[name] = numeric_column(scheme.grid(name), ((cell, n) for _, _, cell, _, n in rows))
        if name in scheme.scored:
            joint.scores[name] = score_table(scheme, name, finer, rows)
    return joint


def _score(
    scheme: Scheme, name: str, labels: Labels, run: Run, labelled: Callable[[], int]
) -> tuple[tuple[int, ...], Scores]:
    """Return a score's column and its table by label; `labelled`: rows that have one."""
    finer = 0 if labels is Labels.NONE else finer_for(labelled())
    while True:
        found = list(run(sql.score_counts(scheme, name, labels, finer)))
        table = score_table(scheme, name, finer, found)
        asked = finer_for(table.rows)
        if asked <= finer or not table.rows:
            break
        finer = asked  # many labels are no outcome, or have no score
    column = numeric_column(scheme.grid(name), ((cell, n) for _, _, cell, _, n in found))
    return column, table.as_fine_as_asked()


def _label(scheme: Scheme, labels: Labels, run: Run) -> dict[str, tuple[int, ...]]:
    """Return the column of a label that is a number, where it is not counted with what needs a join."""
    spec = scheme.spec
    if not spec.has_errors or labels is Labels.JOINED:
        return {}
    found = run(sql.label_counts(scheme, labels))
    return {spec.label_name: numeric_column(scheme.grid(spec.label_name), found)}


def _alone(scheme: Scheme) -> tuple[list[tuple[str, ...]], list[tuple[str, ...]]]:
    """Return the columns that are counted by themselves, numbers and others, by statement."""
    spec = scheme.spec
    joint = {column.name for column in spec.groups} | set(scheme.scored)
    if spec.outcomes:
        joint.add(spec.prediction.name)
    names = [column.name for column in spec.measured if column.name not in joint]
    wide = len(names) > WIDE
    numbers = [name for name in names if isinstance(scheme.binnings[name], Grid)]
    others = [name for name in names if name not in set(numbers)]
    return _parts(numbers, TOGETHER if wide else 1), _parts(others, TOGETHER if wide else _FEW)


def _parts(names: Sequence[str], most: int) -> list[tuple[str, ...]]:
    return [tuple(names[place : place + most]) for place in range(0, len(names), most)]


def cast_late(scheme: Scheme) -> list[str]:
    """Return the columns that may come as they are in the files where `as_stored` finds that they can be.

    Texts that statements only group by, and of the numbers those whose cells hold one whole number: so there
    are no more keys than cells.
    """
    spec = scheme.spec
    numbers, others = _alone(scheme)
    names = [part[0] for part in numbers if len(part) == 1]
    names += [name for part in others if len(part) <= _FEW for name in part]
    names += [column.name for column in spec.groups]
    if spec.outcomes:
        names += [spec.prediction.name, spec.label_name]
    return [name for name in names if name != spec.id_name and _tells_apart(scheme.binnings.get(name))]


def _tells_apart(binning: Binning | None) -> bool:
    return not isinstance(binning, Grid) or (binning.shift >= 0 and not binning.digits)


def _columns(
    scheme: Scheme, names: Sequence[str], run: Run, stored: Container[str], large: Callable[[], bool]
) -> dict[str, tuple[int, ...]]:
    """Count columns of one kind by one statement; `large`: whether short keys are counted faster."""
    as_they_are = isinstance(scheme.binnings[names[0]], Categories) or names[0] in stored
    if len(names) == 1 and not as_they_are:
        return {names[0]: numeric_column(scheme.grid(names[0]), _number(scheme, names[0], run, large))}
    counted = {name: (0,) * scheme.binnings[name].length for name in names}
    statement = sql.few_counts if as_they_are and len(names) <= _FEW else sql.columns_counts
    several = iter(run(statement(scheme, names)))
    while piece := list(islice(several, _HELD)):
        keys: dict[str, list[tuple[Any, int]]] = {}
        for place, key, rows in piece:
            keys.setdefault(place, []).append((key, rows))
        for place, some in keys.items():
            name = names[int(place)]
            more = _column(scheme.binnings[name], some)
            counted[name] = tuple(map(add, counted[name], more)) if any(counted[name]) else more
    return counted


def _number(scheme: Scheme, name: str, run: Run, large: Callable[[], bool]) -> Iterable[tuple[Any, int]]:
    """Count a number: by keys of sixteen bits where all its values have one, else by keys that hold any."""
    if sql.has_short_keys(scheme.grid(name)) and large():
        try:
            return list(run(sql.column_counts(scheme, name, short=True)))
        except UnfitError:
            pass
    return run(sql.column_counts(scheme, name))


def _column(binning: Binning, keys: Iterable[tuple[Any, int]]) -> tuple[int, ...]:
    return numeric_column(binning, keys) if isinstance(binning, Grid) else category_column(binning, keys)


def decision_columns(spec: ModelSpec, labels: Labels) -> list[Wanted]:
    """Return the columns that are read of decision partitions."""
    wanted = [
        Wanted(column.name, "number" if column.kind is ColumnKind.NUMERIC else "text")
        for column in spec.measured
    ]
    if labels is Labels.JOINED and all(column.name != spec.id_name for column in spec.measured):
        wanted.append(Wanted(spec.id_name, "text"))
    if labels is Labels.INLINE:
        wanted.append(Wanted(spec.label_name, _label_kind(spec), sql.LABEL))
    return wanted


def label_columns(spec: ModelSpec) -> list[Wanted]:
    """Return the columns that are read of label partitions."""
    return [
        Wanted(spec.id_name, "text", "id"),
        Wanted(spec.time_name, "time", "time"),
        Wanted(spec.label_name, _label_kind(spec), "label"),
    ]


def _label_kind(spec: ModelSpec) -> str:
    return "number" if spec.has_errors else "text"
