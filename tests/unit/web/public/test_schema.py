"""The description against the application: schemathesis asks what it allows and what not, every check on."""

from __future__ import annotations

from pathlib import Path

import schemathesis
from schemathesis import engine
from schemathesis.config import SchemathesisConfig
from schemathesis.engine import events

from tribune.store.session import Store
from unit.web.public.world import app_over

SEEDED = {
    "seed": 8,
    "generation": {"max-examples": 5, "deterministic": True, "database": "none"},
    "phases": {"coverage": {"generate-duplicate-query-parameters": True}},
}
"""The same questions each time, some three hundred: every edge of each parameter, and some of all else."""


def test_description__fuzzed__every_answer_is_as_described(store: Store, tmp_path: Path) -> None:
    schema = schemathesis.openapi.from_asgi(
        "/api/v1/openapi.json",
        app_over(store, tmp_path),
        config=SchemathesisConfig.from_dict(SEEDED),
    )
    asked, wrong = 0, []
    for event in engine.from_schema(schema).execute():
        if isinstance(event, events.ScenarioFinished):
            asked += len(event.recorder.cases)
            for checks in event.recorder.checks.values():
                wrong += [
                    (check.name, event.recorder.label, str(check.failure_info.failure))
                    for check in checks
                    if check.failure_info is not None
                ]
        elif isinstance(event, events.NonFatalError):
            wrong.append((event.label, "", str(event.value)))
        elif isinstance(event, events.FatalError):
            raise event.exception
    assert wrong == []
    assert asked > 250
