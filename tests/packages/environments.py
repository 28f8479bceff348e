"""Fresh environments with the built wheel and one extra, and what runs in them.

Libraries come from uv's cache where it has them, at the versions of requirements.lock, else the registry.
What is too large to be fetched in passing is skipped then, but by `make packages`, which asks for all.
Programs run isolated (`-I`), away from the checkout and without the caller's variables.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from support.anvil import ROOT

UV = Path(sys.executable).with_name("uv")
LIMIT_S = 1200
"""For one command of uv, on a busy machine and with an empty cache; Spark comes as a source to be built."""
LARGE = ("spark",)
"""Extras too large to be fetched in passing: half a gigabyte."""
ALL = "FETCH_PACKAGES" in os.environ
"""Nothing is skipped because it is large, or because no registry answers."""

WALK = """
import importlib, importlib.util, json, pkgutil, sys

roots, without, libraries = (set(filter(None, one.split(","))) for one in sys.argv[1:4])
names, failed = [], {}
for root in roots:
    names.append(root)
    package = importlib.import_module(root)
    names += [one.name for one in pkgutil.walk_packages(getattr(package, "__path__", ()), root + ".")]
wanted = [
    name for name in names
    if not name.endswith("__main__") and not any(f"{name}.".startswith(f"{one}.") for one in without)
]
for name in wanted:
    try:
        importlib.import_module(name)
    except Exception as fault:
        failed[name] = repr(fault)
there = [name for name in libraries if importlib.util.find_spec(name)]
print(json.dumps({"imported": len(wanted) - len(failed), "failed": failed, "there": there}))
"""


@dataclass(frozen=True)
class Environment:
    """A virtual environment.

    Args:
        folder: where it is.
    """

    folder: Path

    @property
    def python(self) -> Path:
        """Its interpreter."""
        return self.folder / "bin" / "python"

    @classmethod
    def make(cls, folder: Path, wheel: Path, extra: str) -> Environment:
        """Make one that has the wheel with an extra (empty: none) and what that asks for."""
        made = cls(folder)
        uv("venv", "-q", "--clear", "--python", sys.executable, str(folder))
        wanted = f"{wheel}[{extra}]" if extra else str(wheel)
        into = ("--python", str(made.python), "-c", str(ROOT / "requirements.lock"))
        uv("pip", "install", "-q", *into, wanted, large=extra in LARGE)
        return made

    def run(self, *command: str, cwd: Path, **variables: str) -> subprocess.CompletedProcess[str]:
        """Run one of its programs (`tribune`, `python`) to its end."""
        program, *arguments = command
        return subprocess.run(
            [str(self.folder / "bin" / program), *arguments],
            cwd=cwd, env=environment(cwd, **variables), capture_output=True, text=True, timeout=LIMIT_S,
        )  # fmt: skip

    def walk(
        self, roots: tuple[str, ...], without: tuple[str, ...], libraries: tuple[str, ...]
    ) -> dict[str, Any]:
        """Import every module of some packages; say which failed, and which of these libraries are there."""
        lists = (",".join(names) for names in (roots, without, libraries))
        done = self.run("python", "-I", "-W", "ignore", "-c", WALK, *lists, cwd=self.folder)
        assert done.returncode == 0, done.stderr
        found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
        return found


def environment(home: Path, **variables: str) -> dict[str, str]:
    """Return variables of somebody who has nothing set, at home in a folder."""
    return {"HOME": str(home), "PATH": os.environ["PATH"], "COLUMNS": "120", **variables}


def uv(*arguments: str, large: bool = False, **variables: str) -> None:
    """Run uv, from its cache where that has all; else with the registry, but for what is large (see ALL)."""
    passed_by = large and not ALL
    for offline in (["--offline"],) if passed_by else (["--offline"], []):
        done = subprocess.run(
            [str(UV), *arguments, *offline],
            env={**os.environ, **variables}, capture_output=True, text=True, timeout=LIMIT_S,
        )  # fmt: skip
        if done.returncode == 0:
            return
    if passed_by:
        pytest.skip("uv's cache lacks a large library, which `make packages` fetches")
    raise AssertionError(done.stderr)
