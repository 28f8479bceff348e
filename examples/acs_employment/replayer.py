"""Run logged decisions of the demo's model again: `python -m examples.acs_employment.replayer ARTIFACT`.

What a monitor's operator names in `[monitor.replay]` (docs/metrics.md): JSON lines in, JSON lines out, in a
process of its own, since opening this artifact runs what it contains. The card must lie beside the artifact.
What the model would refuse to answer is said to be refused.
"""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from examples.acs_employment.model import Model, load_model
from tribune.exceptions import DataError, TribuneError
from tribune.metrics.spec import ColumnKind, ModelSpec

_NON_FINITE = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}


def answers(model: Model, spec: ModelSpec, lines: Iterable[str]) -> Iterator[dict[str, Any]]:
    """Yield an answer or a refusal for each line; the model is asked once for all."""
    numbers = {column.name for column in spec.columns if column.kind is ColumnKind.NUMERIC}
    places, rows = [], []
    for line in lines:
        asked = json.loads(line)
        features = {
            name: _NON_FINITE.get(value, value) if name in numbers and isinstance(value, str) else value
            for name, value in asked["features"].items()
        }
        try:
            rows.append(model.features(features))
        except DataError as fault:
            yield {"id": asked["id"], "error": fault.message}
        else:
            places.append(asked["id"])
    for place, answer in zip(places, model.answer(rows), strict=True):
        yield {"id": place, "prediction": answer.prediction, "score": answer.score}


def main(arguments: list[str]) -> None:
    """Answer every line of standard input."""
    from examples.acs_employment.rows import load_spec

    if len(arguments) != 1:
        sys.exit(__doc__)
    try:
        model = load_model(Path(arguments[0]).with_suffix(".json"))
    except TribuneError as fault:
        sys.exit(str(fault))
    for answer in answers(model, load_spec(), sys.stdin):
        print(json.dumps(answer))


if __name__ == "__main__":
    main(sys.argv[1:])
