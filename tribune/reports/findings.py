"""What a reader of a report must know about the rows before its numbers, in words, from the tally alone.

Findings are no judgement: a column of one value, a group without rows, labels that are no labels. Whoever
read the rows has findings of their own (columns that are missing, values that are no numbers).
"""

from __future__ import annotations

from collections.abc import Iterator

from tribune.metrics.binning import Categories, Grid
from tribune.metrics.profile import Profile
from tribune.metrics.scheme import NO_ERROR, UNLABELLED
from tribune.metrics.spec import Column, Task
from tribune.metrics.statistics.outcomes import sums
from tribune.metrics.tally import CategoryCounts, NumericCounts, Tally
from tribune.wording import counted

_NAMED = 5  # groups that a finding names before it only counts


def findings(profile: Profile, tally: Tally, *, labelled: bool) -> list[str]:
    """Return what is odd about rows, each in a sentence.

    Args:
        profile: by which they were counted.
        tally: of the rows, with labels where there are any.
        labelled: whether labels were given.
    """
    if not tally.rows:
        return ["There are no rows: nothing but their number is measured."]
    found = []
    if tally.rows < profile.spec.min_rows:
        few = f"Only {counted(tally.rows, 'row')}: under {profile.spec.min_rows:,}"
        found.append(f"{few}, little more than that is measured.")
    for column in profile.spec.counted:
        found += _column(profile, tally, column)
    found += _outcomes(profile, tally, labelled=labelled)
    for column in profile.spec.groups:
        found += _groups(profile, tally, column)
    return found


def is_empty(profile: Profile, tally: Tally, name: str) -> bool:
    """Return whether a counted column has no value in any row of a tally."""
    binning, cells = profile.binnings[name], tally.columns[name]
    of = NumericCounts.of(binning, cells) if isinstance(binning, Grid) else CategoryCounts.of(binning, cells)
    return of.missing == tally.rows


def _column(profile: Profile, tally: Tally, column: Column) -> Iterator[str]:
    binning, name = profile.binnings[column.name], column.name
    cells, before = tally.columns[name], profile.reference.columns[name]
    if is_empty(profile, tally, name):
        yield f"{name}: no row has a value."
        return
    if isinstance(binning, Grid):
        counts = NumericCounts.of(binning, cells)
        infinite = counts.positive_infinity + counts.negative_infinity
        if counts.nan:
            yield f"{name}: {counted(counts.nan, 'row says', 'rows say')} NaN: counted as invalid."
        if infinite:
            yield f"{name}: {counted(infinite, 'row is', 'rows are')} infinite: counted as invalid."
        held = [cell for cell, rows in enumerate(counts.cells, start=binning.edges[0]) if rows]
        several = sum(map(bool, NumericCounts.of(binning, before).cells)) > 1
        if counts.low + counts.high:
            if not held:
                yield f"{name}: no value lies within those of the reference."
        elif tally.rows > 1 and len(held) == 1 and several:
            ends = f"{float(binning.begin(held[0])):g} to below {float(binning.begin(held[0] + 1)):g}"
            yield f"{name}: every value is the same or nearly so ({ends}); the reference has several."
    else:
        found = CategoryCounts.of(binning, cells)
        if binning.rest:
            many = len(binning.values)
            told = f"{many} most frequent are" if many > 1 else "most frequent is"
            yield f"{name}: the reference has many rare values; the {told} told apart, others count as one."
        several = sum(map(bool, CategoryCounts.of(binning, before).values)) > 1
        if not any(found.values) and found.rest and not binning.rest:
            yield f"{name}: no value is one that the reference has."
        elif tally.rows > 1 and sum(map(bool, found.values)) == 1 and not found.rest and several:
            yield f"{name}: every value is the same; the reference has several."


def _outcomes(profile: Profile, tally: Tally, *, labelled: bool) -> Iterator[str]:
    spec = profile.spec
    if spec.task is Task.GENERIC or (spec.task is Task.REGRESSION and not spec.has_errors):
        return
    summed = sums(profile, tally)
    if spec.has_errors:
        unknown, invalid, unsaid = summed.statistics[UNLABELLED], summed.statistics[NO_ERROR], 0
    else:
        judged = summed.judged
        unknown, invalid = tally.rows - judged.labels, judged.invalid_labels
        unsaid = judged.invalid_predictions
    outcomes = " or ".join(spec.outcomes)
    if unsaid:
        predictions = counted(unsaid, "prediction is", "predictions are")
        yield f"{spec.prediction.name}: {predictions} not {outcomes}; not part of any rate."
    if not labelled:
        return
    if invalid and spec.has_errors:
        rows = f"{counted(invalid, 'row has', 'rows have')} a label or prediction"
        yield f"{spec.label_name}: {rows} that is no finite number."
    elif invalid:
        labels = counted(invalid, "label is", "labels are")
        yield f"{spec.label_name}: {labels} not {outcomes}; not part of any rate."
    if unknown == tally.rows:
        yield f"{spec.label_name}: no row has a label; do the ids of rows and labels match?"
    elif unknown:
        have = "has" if unknown == 1 else "have"
        yield f"{spec.label_name}: {unknown:,} of {counted(tally.rows, 'row')} {have} no label."


def _groups(profile: Profile, tally: Tally, column: Column) -> Iterator[str]:
    binning = profile.binnings[column.name]
    if not isinstance(binning, Categories):
        return
    now = CategoryCounts.of(binning, tally.columns[column.name]).values
    before = CategoryCounts.of(binning, profile.reference.columns[column.name]).values
    names = [column.value_title(value) for value in binning.values]
    empty = [name for name, rows, earlier in zip(names, now, before, strict=True) if not rows and earlier]
    few = [name for name, rows in zip(names, now, strict=True) if 0 < rows < profile.spec.min_group]
    if empty:
        yield f"{column.name}: no row of {_listed(empty)}, whom the reference has."
    if few:
        need = profile.spec.min_group
        yield f"{column.name}: under {counted(need, 'row')} of {_listed(few)}; their rates are not compared."


def _listed(names: list[str]) -> str:
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return ", ".join(names[:_NAMED]) + more
