"""The demo's replayer, run as monitors run it: the registered version confirms its log, another does not."""

from __future__ import annotations

import json
import math
import sys
from itertools import islice

import pytest

from examples.acs_employment.model import Model
from examples.acs_employment.replayer import answers
from examples.acs_employment.rows import load_spec, stream
from tribune.decisions.leaf import Decision
from tribune.ids import ModelId
from tribune.settings.sections import ReplaySettings
from tribune_monitors.audit.replaying import Replayers, confirms
from unit.examples.acs_employment.conftest import World

MODEL = ModelId(1)


@pytest.fixture(scope="module")
def logged(v1: Model) -> dict[int, Decision]:
    """What v1 answered, and logged."""
    rows = [dict(row.features) for row in islice(stream(load_spec()), 60)]
    rows[5]["AGEP"] = math.nan
    rows[6]["SCHL"] = None
    return {
        place: Decision(str(place), place, row, answer.prediction, answer.score)
        for place, (row, answer) in enumerate(zip(rows, v1.answer(rows), strict=True))
    }


@pytest.mark.parametrize(("served", "confirmed"), [("v1", True), ("v2", False)])
def test_replayer__version__confirms_its_own_log_only(
    served: str, confirmed: bool, logged: dict[int, Decision], world: World, request: pytest.FixtureRequest
) -> None:
    model: Model = request.getfixturevalue(served)
    command = [sys.executable, "-m", "examples.acs_employment.replayer"]
    again = Replayers(ReplaySettings(commands={MODEL: command}, artifacts=world.v1.parent))
    found = again.replay(MODEL, model.card.digest, logged)
    same = [confirms(found[place], decision) for place, decision in logged.items()]
    assert all(same) if confirmed else same.count(False) > 50


def test_answers__age_that_the_model_refuses__is_a_refusal(v2: Model, logged: dict[int, Decision]) -> None:
    ages = {7: 500, 8: 40}
    lines = [json.dumps({"id": n, "features": {**logged[0].features, "AGEP": ages[n]}}) for n in ages]
    found = {answer["id"]: answer for answer in answers(v2, load_spec(), lines)}
    assert "nobody's age" in found[7]["error"]
    assert found[8]["prediction"] in ("0", "1")
