"""Run logged decisions again on a scikit-learn model in skops' format, which runs no code when it is opened.

`python -m tribune_monitors.replayers.skops [--positive CLASS] [--trust TYPE]… ARTIFACT` reads and writes the
lines of `audit.replaying`. The score is the probability of the positive class, by default the last of two; a
model without probabilities gives none. Refuses an artifact with types that skops does not know to be harmless
unless each is named in --trust, one without the names of its columns, and rows without one of these.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

_NON_FINITE = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}


def main(arguments: Sequence[str]) -> None:
    """Answer every line of standard input."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("artifact", help="the model, as skops.io.dump wrote it")
    parser.add_argument("--positive", help="class whose probability is the score")
    parser.add_argument("--trust", action="append", default=[], help="a type that was looked at")
    given = parser.parse_args(arguments)
    model = open_model(given.artifact, given.trust)
    rows = [json.loads(line) for line in sys.stdin]
    for answer in answers(model, rows, given.positive):
        sys.stdout.write(json.dumps(answer) + "\n")


def open_model(artifact: str, trusted: Sequence[str]) -> Any:
    """Return the model; ends the process where it holds a type that nobody trusts."""
    import skops.io

    unknown = sorted(set(skops.io.get_untrusted_types(file=artifact)) - set(trusted))
    if unknown:
        sys.exit(f"The artifact holds types that may do harm: {', '.join(unknown)}. Name each in --trust.")
    return skops.io.load(artifact, trusted=list(trusted))


def answers(model: Any, rows: Sequence[Mapping[str, Any]], positive: str | None) -> Iterator[dict[str, Any]]:
    """Yield an answer for each row, as one call of the model gives them."""
    if not rows:
        return
    table = _table(model, [row["features"] for row in rows])
    said = [_plain(value) for value in model.predict(table)]
    scores: list[float | None] = [None] * len(rows)
    if hasattr(model, "predict_proba"):
        scores = model.predict_proba(table)[:, _place(model, positive)].tolist()
    for row, prediction, score in zip(rows, said, scores, strict=True):
        yield {"id": row["id"], "prediction": prediction, "score": score}


def _table(model: Any, features: Sequence[Mapping[str, Any]]) -> Any:
    """Return the columns that the model was fitted on, numbers as numbers."""
    import pandas as pd

    names = getattr(model, "feature_names_in_", None)
    if names is None:
        sys.exit("The model does not name its columns: fit it on a data frame, or write a replayer for it.")
    missing = [str(name) for name in names if name not in features[0]]
    if missing:
        sys.exit(f"The log has no column {', '.join(missing)}, which the model reads.")
    return pd.DataFrame({name: _column([row[name] for row in features]) for name in names})


def _column(values: Sequence[object]) -> list[object]:
    """Return a column's values; among numbers, what is missing and what JSON cannot write are numbers too."""
    others = [value for value in values if value is not None and value not in _NON_FINITE]
    if any(isinstance(value, str) for value in others) or not others:
        return list(values)
    return [math.nan if value is None else _NON_FINITE.get(str(value), value) for value in values]


def _place(model: Any, positive: str | None) -> int:
    classes = [str(_plain(value)) for value in model.classes_]
    if positive is None and len(classes) == 2:
        return 1
    if positive not in classes:
        sys.exit(f"--positive must be one of the model's classes: {', '.join(classes)}.")
    return classes.index(positive)


def _plain(value: Any) -> str | float:
    """Return a class as text and a number as a number, as the log has them."""
    plain = value.item() if hasattr(value, "item") else value
    return plain if isinstance(plain, float) else str(plain)


if __name__ == "__main__":
    main(sys.argv[1:])
