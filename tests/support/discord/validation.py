"""Checks recorded requests and answers against Discord's OpenAPI description, when somebody asks.

Recording costs nothing on the way; jsonschema and the description (1.2 MB) are loaded at the first look.
Ids as JSON numbers are let pass in requests: Discord takes them and discord.py sends them.
"""

from __future__ import annotations

import functools
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .world import Json

if TYPE_CHECKING:
    from jsonschema import Draft202012Validator

METHODS = ("get", "post", "put", "patch", "delete")
TRUTHS = {"1": True, "true": True, "0": False, "false": False}


@dataclass(frozen=True)
class Exchange:
    """One request as it came and what was answered."""

    method: str
    path: str  # behind /api/v10
    query: dict[str, str]
    body: Any
    files: int
    status: int
    answer: Any


@dataclass(frozen=True)
class Route:
    """One path of the description."""

    template: str
    pattern: re.Pattern[str]
    operations: Json


class Description:
    """Discord's HTTP specification, compiled as needed."""

    def __init__(self, path: Path) -> None:
        document = json.loads(path.read_text())
        self._strict: Json = document["components"]
        self._lenient: Json = json.loads(json.dumps(document["components"]))
        snowflake = self._lenient["schemas"]["SnowflakeType"]
        self._lenient["schemas"]["SnowflakeType"] = {"anyOf": [snowflake, {"type": "integer", "minimum": 0}]}
        self._validators: dict[tuple[str, bool], Draft202012Validator] = {}
        # Literal segments first: "{" would sort behind letters, so templates are compared as last.
        ordered = sorted(document["paths"], key=lambda one: [s.startswith("{") for s in one.split("/")])
        self._routes = [
            Route(
                template, re.compile(re.sub(r"\{\w+\}", "[^/]+", template) + "$"), document["paths"][template]
            )
            for template in ordered
        ]

    def find(self, method: str, path: str) -> tuple[str, Json] | None:
        """Return template and operation of a request, None where the description has none."""
        for route in self._routes:
            if route.pattern.match(path) and method.lower() in route.operations:
                return route.template, route.operations[method.lower()]
        return None

    def request_faults(self, one: Exchange) -> list[str]:
        """Return why a request breaks the description; empty where it does not."""
        found = self.find(one.method, one.path)
        if found is None:
            return ["no such method and path"]
        operation = found[1]
        known = {
            item["name"]: item["schema"] for item in operation.get("parameters", []) if item["in"] == "query"
        }
        faults = [f"query {name}: not a parameter" for name in one.query if name not in known]
        for name in one.query.keys() & known.keys():
            reasons = [
                self._fault(known[name], meaning, strict=False) for meaning in _meanings(one.query[name])
            ]
            faults += [f"query {name}: {reasons[0]}"] if all(reasons) else []
        described = operation.get("requestBody")
        if described is None or one.body is None:
            required = described is not None and described.get("required", False)
            return [*faults, "body: missing"] if required else faults
        kind = "multipart/form-data" if one.files else "application/json"
        if kind not in described["content"]:
            return [*faults, f"body: may not be {kind}"]
        reason = self._fault(described["content"][kind]["schema"], one.body, strict=False)
        return [*faults, f"body: {reason}"] if reason else faults

    def answer_faults(self, one: Exchange) -> list[str]:
        """Return why an answer breaks the description; used on the stand-in itself.

        The description has no 5xx: those are faults on command.
        """
        found = self.find(one.method, one.path)
        if found is None or one.status >= 500:
            return []
        answers = found[1]["responses"]
        described = answers.get(str(one.status)) or answers.get(f"{one.status // 100}XX")
        if described is None:
            return [f"status {one.status}: not described"]
        if "$ref" in described:
            described = self._strict["responses"][described["$ref"].rsplit("/", 1)[1]]
        if "content" not in described:
            return [f"status {one.status}: has a body"] if one.answer is not None else []
        reason = self._fault(described["content"]["application/json"]["schema"], one.answer, strict=True)
        return [f"answer: {reason}"] if reason else []

    def _fault(self, schema: Json, value: Any, *, strict: bool) -> str | None:
        from jsonschema import Draft202012Validator
        from jsonschema.exceptions import best_match

        key = (json.dumps(schema, sort_keys=True), strict)
        if key not in self._validators:
            components = self._strict if strict else self._lenient
            self._validators[key] = Draft202012Validator({**schema, "components": components})
        worst = best_match(self._validators[key].iter_errors(value))
        return f"{worst.json_path}: {worst.message[:300]}" if worst is not None else None


@functools.cache
def load(path: Path) -> Description:
    """Return a description, read once in a process: it is large."""
    return Description(path)


class Ledger:
    """All exchanges, and which of them broke the description (where there is one)."""

    def __init__(self, description: Path | None) -> None:
        self._path = description
        self._description: Description | None = None
        self.exchanges: list[Exchange] = []
        self.unsupported: list[Json] = []
        self._checked = 0
        self._broken_requests: list[Json] = []
        self._broken_answers: list[Json] = []

    def record(self, exchange: Exchange, *, supported: bool) -> None:
        """Keep an exchange; checking waits until somebody asks."""
        self.exchanges.append(exchange)
        if not supported:
            self.unsupported.append({"method": exchange.method, "path": exchange.path})

    def report(self) -> Json:
        """Check what is new and return everything found. Takes long at first: call it off the loop."""
        if self._path is None:
            return {
                "enabled": False,
                "checked": 0,
                "requests": [],
                "answers": [],
                "unsupported": self.unsupported,
            }
        if self._description is None:
            self._description = load(self._path)
        waiting = self.exchanges[self._checked :]
        self._checked += len(waiting)
        for one in waiting:
            where = {"method": one.method, "path": one.path, "status": one.status}
            for reason in self._description.request_faults(one):
                self._broken_requests.append({**where, "reason": reason})
            for reason in self._description.answer_faults(one):
                self._broken_answers.append({**where, "reason": reason})
        return {
            "enabled": True,
            "checked": self._checked,
            "requests": self._broken_requests,
            "answers": self._broken_answers,
            "unsupported": self.unsupported,
        }


def _meanings(text: str) -> list[Any]:
    """Return every JSON value that a query value may stand for."""
    found: list[Any] = [text]
    if text.lower() in TRUTHS:
        found.append(TRUTHS[text.lower()])
    if text.lstrip("-").isdigit():
        found.append(int(text))
    return found
