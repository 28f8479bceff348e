"""The OpenAPI 3.1 description, made of the same definitions as questions and answers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from importlib.metadata import version
from typing import Any

from pydantic.json_schema import models_json_schema

from tribune.web.headers import PUBLIC
from tribune.web.public.operation import Operation

_REF = "#/components/schemas/{model}"
_TAG = {
    "ETag": {
        "description": "Names this answer; send it as If-None-Match to be told 304 while nothing changed.",
        "schema": {"type": "string"},
    }
}
_PROBLEM = {
    "type": "object",
    "description": "An error (RFC 9457), in the language that Accept-Language asks for.",
    "required": ["type", "title", "status", "detail", "mend"],
    "properties": {
        "type": {"type": "string", "format": "uri-reference", "description": "Names the kind of error."},
        "title": {"type": "string", "description": "The kind of error in words."},
        "status": {"type": "integer", "description": "The HTTP status."},
        "detail": {"type": "string", "description": "What is wrong."},
        "mend": {"type": "string", "description": "What helps; empty where nothing is known to."},
    },
}
_WAIT = {
    "Retry-After": {"description": "Seconds to wait.", "required": True, "schema": {"type": "integer"}},
}
_INTRODUCTION = """\
Read-only and public. Answers come from an index of the chain; each names the newest block that it knows of.
Lists are newest first; give a page's `next` as `cursor` for the page after it. Nothing is given twice and
nothing is left out, whatever comes meanwhile.
"""


def description(operations: Iterable[Operation[Any]], public_url: str) -> dict[str, Any]:
    """Return the description of these operations as a JSON document."""
    operations = list(operations)
    answers, schemas = models_json_schema(
        [(operation.answer, "serialization") for operation in operations], ref_template=_REF
    )
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Tribune",
            "version": version("tribune-dao"),
            "description": _INTRODUCTION,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": f"{public_url}{PUBLIC}"}],
        "paths": {
            one.path: {"get": _operation(one, answers[one.answer, "serialization"])} for one in operations
        },
        "components": {"schemas": {**schemas.get("$defs", {}), "Problem": _PROBLEM}},
    }


def _operation(operation: Operation[Any], answer: dict[str, Any]) -> dict[str, Any]:
    answered: dict[str, Any] = {
        "200": {
            "description": operation.summary,
            "headers": _TAG if operation.cached else {},
            "content": {"application/json": {"schema": answer}},
        },
    }
    if operation.cached:
        answered["304"] = {"description": "Nothing changed since the ETag that was sent.", "headers": _TAG}
    answered["400"] = _problem("The question is not of its form.")
    if operation.in_path:
        answered["404"] = _problem("It is not there, as far as the chain was read.")
    answered["405"] = _problem("The API is only read.")
    answered["429"] = _problem("This address asks too often.", _WAIT)
    answered["503"] = _problem("The index cannot be read now.", _WAIT)
    return {
        "operationId": operation.name,
        "summary": operation.summary,
        "parameters": list(_parameters(operation)),
        "responses": answered,
    }


def _problem(text: str, headers: Mapping[str, Any] | None = None) -> dict[str, Any]:
    return {
        "description": text,
        "headers": dict(headers or {}),
        "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }


def _parameters(operation: Operation[Any]) -> Iterable[dict[str, Any]]:
    schema = operation.asked.model_json_schema(ref_template=_REF)
    definitions = schema.get("$defs", {})
    for name, field in schema.get("properties", {}).items():
        in_path = name in operation.in_path
        told = field.pop("description", "")
        yield {
            "name": name,
            "in": "path" if in_path else "query",
            "required": in_path,
            "description": told,
            "schema": _plain(field, definitions),
        }


def _plain(field: dict[str, Any], definitions: Mapping[str, Any]) -> dict[str, Any]:
    """Return the schema of a text in an address: never null, nothing referred to."""
    kinds = [one for one in field.pop("anyOf", []) if one.get("type") != "null"]
    if kinds:
        field = {**field, **kinds[0]}
    if field.get("default", 0) is None:
        del field["default"]
    if (ref := field.pop("$ref", None)) is not None:
        field |= definitions[ref.rpartition("/")[2]]
    return {name: value for name, value in field.items() if name != "title"}
