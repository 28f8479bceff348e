"""The draft of a `model.toml`: what was guessed, with the reasons beside it, for a person to mend."""

from __future__ import annotations

from collections.abc import Sequence

from tribune.metrics.spec import ColumnKind, Role, Task
from tribune.metrics.toml_file import toml_key, toml_text
from tribune.wording import counted
from tribune_monitors.infer.facts import Facts, Sample
from tribune_monitors.infer.roles import Guess, kind_of
from tribune_monitors.sources.spec import TimeFormat

_TASKS = {
    Task.BINARY: "a yes or no",
    Task.MULTICLASS: "one of several classes",
    Task.REGRESSION: "a number",
    Task.GENERIC: "no answer that is right or wrong: any columns are compared",
}


def draft(title: str, found: Sample, guess: Guess) -> str:
    """Return the text of a `model.toml`.

    Args:
        title: the data's name.
        found: what the data said.
        guess: what was concluded.
    """
    fields = [facts for facts in found.fields if facts.path not in guess.left_out]
    names = column_names(fields)
    looked = "" if found.looked == found.rows else f" (looked at {found.looked:,} of them)"
    lines = [
        f"# What monitors measure of a model, drafted from {counted(found.rows, 'row')} of {title}{looked}.",
        "# These are guesses. Read them, mend them, then:",
        "#   tribune profile DATA",
        *(f"# LOOK: {note}" for note in guess.notes),
        "",
        f"task = {toml_text(guess.task)}  # {_TASKS[guess.task]}; {guess.task_why}",
        *_outcomes(guess),
        "label_lag = 0    # frames until labels are in; only for monitors",
        "min_group = 100  # rows that a group needs before its rates are compared",
        "min_rows = 500   # rows under which only the volume is measured",
        "",
        *_groups(guess, names),
        "",
        *_source(guess, found, names),
    ]
    for facts in fields:
        lines += [*_column(facts, guess, names[facts.path], found), ""]
    if guess.left_out:
        lines.append("# Left out; describe one like the columns above to measure it.")
        lines += [f"#   {' '.join(path.split())}: {why}" for path, why in guess.left_out.items()]
    return "\n".join(lines).rstrip() + "\n"


def column_names(fields: Sequence[Facts]) -> dict[str, str]:
    """Return a column's name for each field: its own, or its whole path where another has that too."""
    own = [facts.name for facts in fields]
    return {
        facts.path: facts.name
        if facts.name == facts.path or (facts.name and own.count(facts.name) == 1)
        else facts.path.replace(".", "_")
        for facts in fields
    }


def _outcomes(guess: Guess) -> list[str]:
    if guess.task is Task.BINARY:
        negative, positive = guess.outcomes
        return [
            f"negative = {toml_text(negative)}",
            f"positive = {toml_text(positive)}  # {guess.outcomes_why}",
            'outcome = ""  # what a positive answer says, for people: "employed", "loan granted"',
        ]
    if guess.task is Task.MULTICLASS:
        return [f"classes = [{', '.join(toml_text(name) for name in guess.outcomes)}]"]
    return []


def _groups(guess: Guess, names: dict[str, str]) -> list[str]:
    groups = [names[path] for path in guess.of(Role.GROUP)]
    lines = []
    if len(groups) > 1:
        both = ", ".join(toml_text(name) for name in groups[:2])
        lines.append(f"# intersections = [[{both}]]  # measures these together")
    if guess.maybe_groups:
        candidates = ", ".join(names[path] for path in guess.maybe_groups)
        lines.append(f'# Fairness is measured by columns with role = "group". Also possible: {candidates}')
    elif not groups:
        lines.append('# Fairness is measured by columns with role = "group": none was found by name.')
    return lines


def _source(guess: Guess, found: Sample, names: dict[str, str]) -> list[str]:
    """Return the `[source]` table, where columns have other names in the log or times need explaining."""
    lines = []
    mapped = {names[path]: path for path in names if names[path] != path}
    if mapped:
        lines += ["[source.columns]  # column = field of the log"]
        lines += [f"{toml_key(name)} = {toml_text(path)}" for name, path in mapped.items()] + [""]
    times = [facts.time for facts in found.fields if facts.path in guess.of(Role.TIME)]
    time = next((time for time in times if time is not None), TimeFormat())
    if time != TimeFormat():
        given = f"format = {toml_text(time.format)}" if time.format else f"unit = {toml_text(time.unit)}"
        order = ": the month before the day" if time.format.startswith("%m/%d") else ""
        lines += ["[source.time]", f"{given}  # a guess from the values{order}", 'zone = "UTC"', ""]
    return lines + _labels(guess, names)


def _labels(guess: Guess, names: dict[str, str]) -> list[str]:
    """Return how to say where labels are, where the rows have none and an id to join them by."""
    ids = [names[path] for path in guess.of(Role.ID)]
    if guess.of(Role.LABEL) or not ids or guess.task is Task.GENERIC:
        return []
    times = [names[path] for path in guess.of(Role.TIME)] or ["time"]
    number = ["# [[columns]]", '# name = "label"', '# kind = "numeric"', '# role = "label"', ""]
    return [
        "# Labels that are kept apart; the names on the left stay as they are.",
        "# [source.labels]",
        '# data = "…"  # their file or folder',
        "# [source.labels.columns]",
        f'# {toml_key(ids[0])} = "…"  # field of the same id',
        '# label = "…"  # field of what came true',
        f'# {toml_key(times[0])} = "…"  # field of when it was known: the earliest of an id counts',
        "",
        *(number if guess.task is Task.REGRESSION else []),
    ]


def _column(facts: Facts, guess: Guess, name: str, found: Sample) -> list[str]:
    role, why = guess.roles.get(facts.path, (Role.FEATURE, ""))
    kind = _kind(facts, role, guess.task)
    missing = found.looked - facts.present
    said = _values(facts, kind, role) + (f"; {missing / found.looked:.1%} missing" if missing else "")
    lines = [
        "[[columns]]",
        f"name = {toml_text(name)}",
        f'kind = "{kind}"  # {said}',
        f'role = "{role}"' + (f"  # {why}" if why else ""),
    ]
    if facts.path in guess.of_class:
        lines.append(f"class = {toml_text(guess.of_class[facts.path])}")
    two = kind is ColumnKind.CATEGORY and facts.distinct == 2
    if guess.task is Task.GENERIC and two and role is Role.FEATURE:
        rare = toml_text(facts.top[-1][0])
        lines.append(f"positive = {rare}  # the value whose rate is measured; the rarer one was taken")
    if role is Role.GROUP and facts.distinct <= 20:
        titles = ", ".join(f"{toml_text(value)} = {toml_text(value)}" for value, _ in sorted(facts.top))
        lines.append(f"# values = {{ {titles} }}  # names for people")
    return lines


def _kind(facts: Facts, role: Role, task: Task) -> ColumnKind:
    if role in (Role.PREDICTION, Role.LABEL):
        return ColumnKind.NUMERIC if task is Task.REGRESSION else ColumnKind.CATEGORY
    if role is Role.SCORE:
        return ColumnKind.NUMERIC
    if role in (Role.GROUP, Role.ID):
        return ColumnKind.CATEGORY
    return ColumnKind.NUMERIC if role is Role.TIME else kind_of(facts)


def _values(facts: Facts, kind: ColumnKind, role: Role) -> str:
    if facts.numeric and kind is ColumnKind.NUMERIC:
        return f"{facts.low:g} to {facts.high:g}, {counted(facts.distinct, 'value')}"
    shown = ", ".join(value[:20] for value, _ in facts.top[:4])
    more = " …" if facts.distinct > 4 else ""
    many = facts.distinct > 64 and role not in (Role.ID, Role.TIME)
    rest = "; the most frequent are counted each, all others as one" if many else ""
    return " ".join(f"{counted(facts.distinct, 'value')}: {shown}{more}{rest}".split())
