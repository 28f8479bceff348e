"""Write the lock files from what the project asks for, or `--check`, without a network, that they still fit.

A lock fits when each requirement of its sources has a pin that it allows, when that is so of what the pinned
libraries ask for (as far as they are installed here), when something asks for each pin, and when no
line names a registry. Whether newer versions exist is no question of a check.

    python -m scripts.locks            # resolve anew; what is pinned stays, where it may
    python -m scripts.locks --check
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tomllib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import Distribution, PackageNotFoundError
from pathlib import Path

from packaging.markers import Marker
from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent
OPTIONS = (
    "-q",
    "--no-emit-index-url",
    "--no-annotate",
    "--no-header",
    "--universal",
    "--python-version",
    "3.11",
)
OURS = "tribune-dao"


@dataclass(frozen=True)
class Lock:
    """A lock file.

    Args:
        path: where it is.
        sources: what it is compiled from; of pyproject.toml the extra.
        extra: of ours, where pyproject.toml is a source.
        installed: whether the environment that runs this is made from it.
    """

    path: str
    sources: tuple[str, ...]
    extra: str = ""
    installed: bool = False


LOCKS = (
    Lock("requirements.lock", ("pyproject.toml",), "dev", installed=True),
    Lock("scripts/analysis/requirements.lock", ("scripts/analysis/requirements.in",)),
    Lock("scripts/spark/requirements.lock", ("scripts/spark/requirements.in",)),
    Lock("scripts/servers/requirements.lock", ("pyproject.toml", "scripts/servers/requirements.in"), "gate"),
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Write or check all; return 1 where one does not fit."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--check", action="store_true", help="write nothing, ask nobody")
    if not parser.parse_args(arguments).check:
        for lock in LOCKS:
            compile_lock(lock, ROOT / lock.path)
        return 0
    faults = [f"{lock.path}: {fault}" for lock in LOCKS for fault in faults_of(lock)]
    for fault in faults:
        print(fault, file=sys.stderr)
    print("Run `make lock`." if faults else f"{len(LOCKS)} lock files fit what they are made from")
    return 1 if faults else 0


def compile_lock(lock: Lock, target: Path, *options: str) -> None:
    """Resolve a lock into a file; what stands there is kept, where it may be.

    Raises:
        CalledProcessError: it cannot be resolved, or the registry cannot be reached.
    """
    ours = ("--extra", lock.extra, "--no-emit-package", OURS) if lock.extra else ()
    uv = Path(sys.executable).with_name("uv")
    subprocess.run(  # noqa: S603
        [str(uv), "pip", "compile", *OPTIONS, *options, *ours, *lock.sources, "-o", str(target)],
        cwd=ROOT,
        check=True,
    )


def faults_of(lock: Lock, text: str | None = None) -> Iterator[str]:
    """Yield in words where a lock does not fit; of `text`, where it is given, in the file's place."""
    pins: dict[str, Requirement] = {}
    for line in (ROOT / lock.path).read_text().splitlines() if text is None else text.splitlines():
        try:
            pin = Requirement(line)
        except InvalidRequirement:
            yield f"{line!r} is no pin"
            continue
        if pin.url or not str(pin.specifier).startswith("=="):
            yield f"{line!r} is no pin"
        elif _holds(pin.marker):
            pins[canonicalize_name(pin.name)] = pin
    asked = [
        (requirement, source) for source in lock.sources for requirement in _required(source, lock.extra)
    ]
    yield from _unmet(asked, pins)
    if lock.installed:
        yield from _unmet_further(asked, pins)


def _unmet(asked: Iterable[tuple[Requirement, str]], pins: dict[str, Requirement]) -> Iterator[str]:
    for requirement, source in asked:
        pin = pins.get(canonicalize_name(requirement.name))
        if pin is None:
            yield f"{requirement.name}, which {source} asks for, is not pinned"
        elif not requirement.specifier.contains(_version(pin), prereleases=True):
            yield f"{pin} is not what {source} asks for ({requirement})"


def _unmet_further(asked: Sequence[tuple[Requirement, str]], pins: dict[str, Requirement]) -> Iterator[str]:
    """Follow what the pinned libraries ask for, by what their installed versions say."""
    seen: set[tuple[str, str]] = set()
    unknown = False
    waiting = [requirement for requirement, _ in asked]
    while waiting:
        one = waiting.pop()
        name: str = canonicalize_name(one.name)
        for extra in ("", *one.extras):
            if (name, extra) in seen or name not in pins:
                continue
            seen.add((name, extra))
            try:
                found = Distribution.from_name(name)
            except PackageNotFoundError:
                found = None
            if found is None or found.version != _version(pins[name]):
                unknown = True
                continue
            further = [Requirement(line) for line in found.requires or ()]
            wanted = [each for each in further if _holds(each.marker, extra)]
            yield from _unmet(((each, f"{name} {found.version}") for each in wanted), pins)
            waiting += wanted
    if not unknown:  # else something that is not installed here may ask for it
        for name in sorted(set(pins) - {name for name, _ in seen}):
            yield f"nothing asks for {name}"


def _required(source: str, extra: str) -> Iterator[Requirement]:
    """Yield what a source asks for here, our own extras spelt out."""
    if source != "pyproject.toml":
        lines = (ROOT / source).read_text().splitlines()
        texts = [line for line in lines if line and not line.startswith(("#", "-c"))]
        yield from (one for one in map(Requirement, texts) if _holds(one.marker))
        return
    project = tomllib.loads((ROOT / source).read_text())["project"]
    extras: dict[str, list[str]] = project["optional-dependencies"]
    waiting, seen = [*project["dependencies"], *extras[extra]], {extra}
    while waiting:
        one = Requirement(waiting.pop())
        if canonicalize_name(one.name) != OURS:
            if _holds(one.marker):
                yield one
            continue
        for name in one.extras - seen:
            seen.add(name)
            waiting += extras[name]


def _holds(marker: Marker | None, extra: str = "") -> bool:
    return marker is None or marker.evaluate({"extra": extra})


def _version(pin: Requirement) -> str:
    return str(pin.specifier).removeprefix("==")


if __name__ == "__main__":
    raise SystemExit(main())
