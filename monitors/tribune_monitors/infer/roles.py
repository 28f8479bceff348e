"""Guesses: which field is the prediction, the label, a group …, and why. A person has the last word.

Names decide first, then values; a guess always says what it rests on. Never guesses a group from values
alone: who may be treated unfairly is not a question of statistics.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tribune.exceptions import ConfigurationError, DataError
from tribune.metrics.spec import ColumnKind, Role, Task
from tribune.wording import counted
from tribune_monitors.infer.facts import Facts, Sample, agreement, mean_by_value

if TYPE_CHECKING:
    import duckdb

MAX_CLASSES = 64
_CODES = 10  # whole numbers of at most so many values are taken for codes
_PREDICTION = frozenset(
    {"prediction", "predictions", "predicted", "pred", "preds", "yhat", "ypred", "decision", "verdict",
     "answer"}
)  # fmt: skip
_SCORE = frozenset({"score", "probability", "probabilities", "proba", "prob", "confidence", "likelihood"})
_LABEL = frozenset({"label", "labels", "target", "truth", "actual", "ytrue", "y", "outcome", "groundtruth"})
_GROUP = frozenset({"sex", "gender", "race", "ethnicity", "ethnic", "rac1p", "religion"})
_MAYBE_GROUP = frozenset(
    {"age", "agegroup", "ageband", "nationality", "citizenship", "cit", "nativity", "disability", "dis",
     "marital", "mar", "country", "native", "language", "region", "orientation", "veteran", "mil",
     "pregnancy", "birthplace", "caste"}
)  # fmt: skip
_ID = frozenset({"id", "uuid", "guid", "key"})
_TIME = frozenset({"time", "timestamp", "ts", "datetime", "date", "at", "created", "when"})
_NEGATIVE = frozenset({"0", "false", "no", "n", "f", "-1", "negative", "bad", "denied", "rejected", "<=50k"})
_POSITIVE = frozenset({"1", "true", "yes", "y", "t", "positive", "good", "approved", "accepted", ">50k"})


@dataclass(frozen=True)
class Given:
    """What the person who asks knows already; empty: to be guessed."""

    prediction: str = ""
    label: str = ""
    score: str = ""
    id: str = ""
    time: str = ""
    groups: tuple[str, ...] = ()


@dataclass
class Guess:
    """What was concluded.

    Args:
        task: kind of model, and why.
        roles: role of each field that is not a plain feature, with the reason.
        left_out: fields that are not measured, with the reason.
        maybe_groups: fields that a person might name as groups.
        outcomes: negative and positive value (binary), or the classes.
        notes: what a person should look at first.
    """

    task: Task = Task.GENERIC
    task_why: str = ""
    roles: dict[str, tuple[Role, str]] = field(default_factory=dict)
    left_out: dict[str, str] = field(default_factory=dict)
    maybe_groups: list[str] = field(default_factory=list)
    outcomes: tuple[str, ...] = ()
    outcomes_why: str = ""
    of_class: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def of(self, role: Role) -> list[str]:
        """Return the fields of a role."""
        return [path for path, (one, _) in self.roles.items() if one is role]


def guess_roles(cursor: duckdb.DuckDBPyConnection, found: Sample, given: Given) -> Guess:
    """Conclude what fields are.

    Raises:
        ConfigurationError: a field that was named is not there.
        DataError: nothing of it can be measured.
    """
    fields = {facts.path: facts for facts in found.fields}
    guess = Guess()
    for role, names in _named(given, fields).items():
        for name in names:
            guess.roles[name] = (role, "as you said")
    _leave_out(guess, found)
    _find_times_and_ids(guess, found)
    free = [f for f in found.fields if f.path not in guess.roles and f.path not in guess.left_out]
    _find_prediction(guess, fields, free)
    if guess.task is Task.GENERIC:
        _judge_nothing(guess)
    _find_scores(cursor, guess, fields, free)
    _find_label(cursor, guess, fields, free)
    _find_outcomes(cursor, guess, fields)
    _find_groups(guess, found, given)
    if guess.task is not Task.GENERIC and not guess.of(Role.LABEL):
        guess.notes.append(
            "no column was taken for the label, so that right and wrong are not told. --label names one; "
            "labels kept apart are joined by id, as [source.labels] says."
        )
    for facts in found.fields:
        if facts.stray and facts.path not in guess.left_out and kind_of(facts) is ColumnKind.NUMERIC:
            guess.notes.append(
                f"{facts.path} was taken for numbers: {facts.stray:,} of {facts.present:,} values "
                f"{'is none' if facts.stray == 1 else 'are none'}, such as {facts.such_as[:40]!r}: "
                "counted as missing."
            )
    if len(guess.left_out) == len(found.fields):
        shown = "; ".join(f"{path}: {why}" for path, why in list(guess.left_out.items())[:3])
        raise DataError(f"There is no column to measure. {shown}.", mend="Give more rows, or other columns.")
    return guess


def summary(found: Sample, guess: Guess) -> str:
    """Return in a few lines what was concluded."""
    size = f"{counted(found.rows, 'row')}, {counted(len(found.fields), 'column')}"
    lines = [f"{size}: a {guess.task} model ({guess.task_why})"]
    for role in (Role.PREDICTION, Role.SCORE, Role.LABEL, Role.GROUP, Role.ID, Role.TIME):
        if guess.of(role):
            lines.append(f"  {role}: {', '.join(guess.of(role))}")
    if guess.left_out:
        lines.append(
            f"  left out: {', '.join(list(guess.left_out)[:10])}{' …' if len(guess.left_out) > 10 else ''}"
        )
    return "\n".join([*lines, *(f"LOOK: {note}" for note in guess.notes)])


def concluded(found: Sample, guess: Guess) -> dict[str, Any]:
    """Return the same for programs: each field's role and why, what was left out and why."""
    return {
        "rows": found.rows,
        "task": guess.task,
        "task_why": guess.task_why,
        "roles": {path: {"role": role, "why": why} for path, (role, why) in guess.roles.items()},
        "left_out": guess.left_out,
        "maybe_groups": guess.maybe_groups,
        "outcomes": list(guess.outcomes),
        "notes": guess.notes,
    }


def kind_of(facts: Facts) -> ColumnKind:
    """Return how a field is binned."""
    as_text = facts.is_text or facts.zeros or not facts.numeric
    codes = facts.whole and facts.distinct <= _CODES
    return ColumnKind.CATEGORY if as_text or codes else ColumnKind.NUMERIC


def _named(given: Given, fields: Mapping[str, Facts]) -> dict[Role, Sequence[str]]:
    said: dict[Role, Sequence[str]] = {
        Role.PREDICTION: [given.prediction],
        Role.LABEL: [given.label],
        Role.SCORE: [given.score],
        Role.ID: [given.id],
        Role.TIME: [given.time],
        Role.GROUP: given.groups,
    }
    named = {role: [name for name in names if name] for role, names in said.items()}
    for name in (name for names in named.values() for name in names):
        if name not in fields:
            raise ConfigurationError(
                f"The data has no column {name!r}.", mend=f"It has: {', '.join(list(fields)[:40])}."
            )
    return {role: names for role, names in named.items() if names}


def _leave_out(guess: Guess, found: Sample) -> None:
    for facts in found.fields:
        if facts.path in guess.roles:
            continue
        if facts.kind in ("list", "map", "array", "blob") or facts.kind.endswith("[]"):
            guess.left_out[facts.path] = "a list or bytes: no single value to measure"
        elif not facts.present:
            guess.left_out[facts.path] = "no value in any row"
        elif facts.distinct == 1 and facts.words.isdisjoint(_PREDICTION | _LABEL):
            guess.left_out[facts.path] = f"always {facts.top[0][0][:40]!r}: nothing to compare"
        elif facts.length > 100 or (facts.length > 30 and facts.distinct > facts.present / 2):
            guess.left_out[facts.path] = "free text: log its length, language or a judge's score instead"


def _find_times_and_ids(guess: Guess, found: Sample) -> None:
    has_time, has_id = bool(guess.of(Role.TIME)), bool(guess.of(Role.ID))
    for facts in found.fields:
        if facts.path in guess.roles or facts.path in guess.left_out:
            continue
        is_time = facts.time is not None and (not facts.numeric or not facts.words.isdisjoint(_TIME))
        every = facts.distinct == facts.present == found.looked > 1
        if is_time and not has_time:
            guess.roles[facts.path] = (Role.TIME, "every value is a time")
            has_time = True
        elif is_time:
            guess.left_out[facts.path] = "another time"
        elif every and not has_id and not facts.words.isdisjoint(_ID) and (facts.whole or not facts.numeric):
            guess.roles[facts.path] = (Role.ID, "by its name, and it differs in every row")
            has_id = True
        elif every and facts.whole and facts.high - facts.low + 1 == found.rows > _CODES:
            guess.left_out[facts.path] = "a running number"
        elif not facts.numeric and facts.distinct > max(100, facts.present * 0.8):
            guess.left_out[facts.path] = "another value in nearly every row: an id or free text"


def _find_prediction(guess: Guess, fields: Mapping[str, Facts], free: Sequence[Facts]) -> None:
    named = guess.of(Role.PREDICTION)
    if not named:
        fits = [f for f in free if f.words & _PREDICTION and not f.words & _SCORE]
        if not fits:
            guess.task_why = "no column that looks like a prediction; --prediction names it"
            return
        named = [fits[0].path]
        guess.roles[named[0]] = (Role.PREDICTION, "by its name")
    facts = fields[named[0]]
    if (
        facts.numeric
        and facts.distinct > 2
        and not (facts.whole and facts.distinct <= MAX_CLASSES)
        and not facts.zeros
    ):
        guess.task, guess.task_why = (
            Task.REGRESSION,
            f"the prediction is a number, {facts.low:g} to {facts.high:g}",
        )
    elif facts.distinct <= 2:
        guess.task, guess.task_why = Task.BINARY, f"the prediction has {counted(facts.distinct, 'value')}"
    elif facts.distinct <= MAX_CLASSES:
        guess.task, guess.task_why = Task.MULTICLASS, f"the prediction has {facts.distinct} values"
    else:
        guess.task_why = f"{facts.path} has over {MAX_CLASSES} values: too many to be classes"
        guess.roles.pop(facts.path)
        return
    if guess.task is Task.REGRESSION and facts.low >= 0 and facts.high <= 1:
        guess.notes.append(
            f"{facts.path} lies from 0 to 1. A probability is a score; the prediction is the decision."
        )


def _judge_nothing(guess: Guess) -> None:
    """Make features of a label or score that was named: without a prediction they judge nothing."""
    for path in guess.of(Role.LABEL) + guess.of(Role.SCORE):
        role, _ = guess.roles.pop(path)
        guess.notes.append(
            f"{path} was named as the {role}, but there is no prediction to go with it, so it is taken for a "
            "feature. --prediction names one."
        )


def _find_scores(
    cursor: duckdb.DuckDBPyConnection, guess: Guess, fields: Mapping[str, Facts], free: Sequence[Facts]
) -> None:
    if guess.task not in (Task.BINARY, Task.MULTICLASS) or guess.of(Role.SCORE):
        return
    fits = [
        f
        for f in free
        if f.numeric and f.low >= 0 and f.high <= 1 and f.distinct > 2 and f.path not in guess.roles
    ]
    named = [f for f in fits if f.words & _SCORE]
    prediction = fields[guess.of(Role.PREDICTION)[0]]
    if guess.task is Task.MULTICLASS:
        by_class = {
            said: [f for f in fits if said.lower() in f.words or f.path.lower().endswith(said.lower())]
            for said in prediction.values
        }
        if by_class and all(len(found) == 1 for found in by_class.values()):
            for said, (facts,) in by_class.items():
                guess.roles[facts.path] = (Role.SCORE, "by its name: the probability of one class")
                guess.of_class[facts.path] = said
        return
    if named:
        guess.roles[named[0].path] = (
            Role.SCORE,
            f"by its name; from {named[0].low:.3g} to {named[0].high:.3g}",
        )
        return
    for facts in fits:
        means = mean_by_value(cursor, facts, prediction)
        if len(means) == 2 and max(means.values()) - min(means.values()) > 0.4:
            guess.roles[facts.path] = (Role.SCORE, "from 0 to 1, and it goes with the prediction")
            return
    for facts in free:
        if facts.numeric and facts.words & _SCORE and facts.path not in guess.roles and facts not in fits:
            guess.notes.append(
                f"{facts.path} goes from {facts.low:.3g} to {facts.high:.3g}, so it was taken for a feature, "
                "such as a credit score. If it is the model's own score, --score names it."
            )
            return


def _find_label(
    cursor: duckdb.DuckDBPyConnection, guess: Guess, fields: Mapping[str, Facts], free: Sequence[Facts]
) -> None:
    if guess.task is Task.GENERIC or guess.of(Role.LABEL):
        return
    prediction = fields[guess.of(Role.PREDICTION)[0]]
    regression = guess.task is Task.REGRESSION
    fits = [
        f for f in free
        if f.path not in guess.roles and f.present
        and (f.numeric and f.distinct > 2 if regression else bool(f.values) and f.values <= prediction.values)
    ]  # fmt: skip
    named = [f for f in fits if f.words & _LABEL and not f.words & _PREDICTION]
    if named:
        guess.roles[named[0].path] = (Role.LABEL, "by its name")
        return
    if regression:
        return
    best, share = None, 0.0
    for facts in fits:
        chance = max(n for _, n in facts.top) / facts.present
        agrees = agreement(cursor, facts, prediction)
        if agrees > max(share, chance + 0.02):
            best, share = facts, agrees
    if best is not None:
        why = f"a guess: it has the prediction's values and agrees with it in {share:.0%} of rows"
        guess.roles[best.path] = (Role.LABEL, why)
        guess.notes.append(f"{best.path} was taken for the label. {why[0].upper()}{why[1:]}.")


def _find_outcomes(cursor: duckdb.DuckDBPyConnection, guess: Guess, fields: Mapping[str, Facts]) -> None:
    if guess.task is Task.MULTICLASS:
        seen = [value for value, _ in fields[guess.of(Role.PREDICTION)[0]].top]
        for path in guess.of(Role.LABEL):
            seen += [value for value, _ in fields[path].top if value not in seen]
        guess.outcomes = tuple(sorted(seen))
    if guess.task is not Task.BINARY:
        return
    prediction = fields[guess.of(Role.PREDICTION)[0]]
    values = sorted({*prediction.values, *(v for path in guess.of(Role.LABEL) for v in fields[path].values)})[
        :2
    ]
    if len(values) < 2:
        other = "1" if values[0] != "1" else "0"
        values = sorted([values[0], other])
        guess.notes.append(f"{prediction.path} has one value only: check negative and positive.")
    negative, positive = values
    if positive.lower() in _NEGATIVE or negative.lower() in _POSITIVE:
        negative, positive = positive, negative
    guess.outcomes_why = "by what they say"
    if negative.lower() not in _NEGATIVE and positive.lower() not in _POSITIVE:
        guess.outcomes_why = "a guess: the rarer value is taken for the positive one"
        rows = dict(prediction.top)
        negative, positive = sorted(values, key=lambda value: -rows.get(value, 0))
        for path in guess.of(Role.SCORE):
            means = mean_by_value(cursor, fields[path], prediction)
            negative, positive = sorted(values, key=lambda value: means.get(value, 0.0))
            guess.outcomes_why = f"{path} is higher where the prediction is the positive one"
    guess.outcomes = (negative, positive)


def _find_groups(guess: Guess, found: Sample, given: Given) -> None:
    for facts in found.fields:
        few = 2 <= facts.distinct <= 20 and kind_of(facts) is ColumnKind.CATEGORY
        if facts.path in guess.roles or facts.path in guess.left_out:
            continue
        if few and facts.words & _GROUP and not given.groups:
            guess.roles[facts.path] = (Role.GROUP, f"by its name; {facts.distinct} groups")
        elif few and facts.words & (_MAYBE_GROUP | _GROUP):
            guess.maybe_groups.append(facts.path)
