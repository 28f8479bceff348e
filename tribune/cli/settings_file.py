"""`tribune settings example`: a settings file with every setting in it, commented out, with what it is for.

Written from the settings' own definitions, so that it cannot go out of date.
"""

from __future__ import annotations

import ast
import inspect
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from pydantic import BaseModel

HEAD = """\
# tribune.toml: settings of Tribune's processes, read from the folder in which they are started.
# What is commented out has the value shown. An environment variable wins: TRIBUNE_CHAIN__HTTP_URL over
# http_url under [chain]. No secret belongs here: name the file or variable that holds it.
"""
ROLE = "monitor"
"""The role by which keys are shown."""

settings = typer.Typer(no_args_is_help=True, help="The settings file.")


def register(app: typer.Typer) -> None:
    """Add these commands."""
    app.add_typer(settings, name="settings")


@settings.command("example")
def settings_example() -> None:
    """Print a settings file with every setting and what it is for."""
    typer.echo(example(), nl=False)


def example() -> str:
    """Return the TOML text."""
    from pydantic import BaseModel

    from tribune.settings import KeySource, NamedMonitor, Settings, gating, loading, pages, recording
    from tribune.settings import sections as groups

    said: dict[tuple[str, str], str] = {}
    for module in (groups, gating, pages, recording, loading):
        said |= _docstrings(module)
    root, sections = Settings(), []
    lines = [HEAD]
    for name in Settings.model_fields:
        value = getattr(root, name)
        if isinstance(value, BaseModel):
            sections.append(_section(name, value, said))
        elif name not in ("keys", "monitors"):
            lines.append(_setting(name, value, said["Settings", name]))
    about = _comment(said["Settings", "keys"])
    sections.append(about + "\n" + _section(f"keys.{ROLE}", KeySource(), said))
    about = _comment(said["Settings", "monitors"])
    sections.append(about + "\n# " + _section("monitors.a", NamedMonitor(), said))
    hook = pages.WebhookSettings(url="https://ops.example/incidents", secret_file=Path("incidents.secret"))
    about = _comment(said["WebSettings", "webhooks"])
    sections.append(about + "\n# " + _section("web.webhooks.ops", hook, said))
    return "\n".join(lines) + "\n" + "\n".join(sections)


def _section(name: str, part: BaseModel, said: dict[tuple[str, str], str]) -> str:
    """Return a group's settings, and below them the groups within it."""
    from pydantic import BaseModel

    fields = [f"[{name}]"]
    within = []
    for field in type(part).model_fields:
        value = getattr(part, field)
        if isinstance(value, BaseModel):
            within.append(_section(f"{name}.{field}", value, said))
        else:
            fields.append(_setting(field, value, said[type(part).__name__, field]))
    return "\n".join([*fields, *within])


def _setting(name: str, value: Any, about: str) -> str:
    shown = f"# {name} = {_toml(value)}" if value is not None else f"# {name} =    (not set)"
    return f"{_comment(about)}\n{shown}\n"


def _toml(value: Any) -> str:
    if isinstance(value, Path):
        value = str(value)
    if value == {}:
        return "{}"
    return json.dumps(value, ensure_ascii=False)  # strings, numbers, booleans and lists are the same in TOML


def _comment(text: str) -> str:
    return "\n".join(f"# {line.strip()}" for line in inspect.cleandoc(text).splitlines())


def _docstrings(module: Any) -> dict[tuple[str, str], str]:
    """Return the string below each field: {(class, field): text}."""
    found = {}
    for owner in ast.parse(inspect.getsource(module)).body:
        if not isinstance(owner, ast.ClassDef):
            continue
        for field, below in zip(owner.body, owner.body[1:], strict=False):
            if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name):
                text = below.value.value if _is_text(below) else ""  # type: ignore[attr-defined]
                found[owner.name, field.target.id] = str(text)
    return found


def _is_text(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
