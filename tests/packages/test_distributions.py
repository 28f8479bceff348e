"""What the wheel and the sdist hold, and that the same source gives the same bytes."""

from __future__ import annotations

import hashlib
import subprocess
import tarfile
import zipfile
from pathlib import Path, PurePosixPath

import pytest

from packages.environments import uv
from support.anvil import ROOT

pytestmark = [pytest.mark.alone, pytest.mark.slow]

PACKAGES = {
    "tribune": ROOT / "tribune",
    "tribune_bot": ROOT / "bot" / "tribune_bot",
    "tribune_monitors": ROOT / "monitors" / "tribune_monitors",
}
TOLD = {"METADATA", "WHEEL", "RECORD", "entry_points.txt", "licenses/LICENSE"}
BESIDE = {"PKG-INFO", "pyproject.toml", "README.md", "LICENSE", ".gitignore"}
"""What the sdist holds beside the packages; the build backend adds the first and the last."""


def committed() -> dict[str, Path]:
    """Return what the repository has below the packages, by its place in the wheel."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", *map(str, PACKAGES.values())],
        cwd=ROOT, check=True, capture_output=True, text=True,
    ).stdout.splitlines()  # fmt: skip
    found = {}
    for name, folder in PACKAGES.items():
        below = folder.relative_to(ROOT)
        for path in map(Path, listed):
            if path.is_relative_to(below) and (ROOT / path).exists():
                found[str(PurePosixPath(name, path.relative_to(below)))] = ROOT / path
    return found


def digests(path: Path) -> dict[str, str]:
    """Return the digest of each file in a wheel."""
    with zipfile.ZipFile(path) as archive:
        return {one: hashlib.sha256(archive.read(one)).hexdigest() for one in archive.namelist()}


def test_wheel__its_files__are_the_packages_as_committed_and_nothing_else(wheel: Path) -> None:
    ours = {name: hashlib.sha256(path.read_bytes()).hexdigest() for name, path in committed().items()}
    found = digests(wheel)
    about = {name: digest for name, digest in found.items() if ".dist-info/" in name}
    assert {name.partition(".dist-info/")[2] for name in about} == TOLD
    assert {name: digest for name, digest in found.items() if name not in about} == ours


@pytest.mark.parametrize(
    "name",
    [
        "tribune/py.typed",
        "tribune_bot/py.typed",
        "tribune_monitors/py.typed",
        "tribune/chain/abi/KillSwitch.json",
        "tribune/locale/de/LC_MESSAGES/tribune.mo",
        "tribune/store/migrations/script.py.mako",
        "tribune/web/static/tribune.css",
        "tribune/web/templates/base.html",
        "tribune_monitors/engines/data/conformance-duckdb.parquet",
    ],
)
def test_wheel__what_is_no_python__is_in_it(wheel: Path, name: str) -> None:
    assert name in digests(wheel)


def test_sdist__its_files__are_the_packages_and_what_builds_them(sdist: Path) -> None:
    with tarfile.open(sdist) as archive:
        found = {str(PurePosixPath(*PurePosixPath(one).parts[1:])) for one in archive.getnames()}
    ours = {str(path.relative_to(ROOT)) for path in committed().values()}
    assert found - ours <= BESIDE
    assert ours <= found


def test_wheel__built_twice_from_the_checkout__is_the_same_bytes_as_from_the_sdist(
    wheel: Path, tmp_path: Path
) -> None:
    for year, folder in ((2020, tmp_path / "a"), (2021, tmp_path / "b")):
        epoch = str((year - 1970) * 31_556_952)  # the backend takes it where somebody gives one
        uv("build", "-q", "--wheel", "-o", str(folder), str(ROOT), SOURCE_DATE_EPOCH=epoch)
    again = tmp_path / "again"
    uv("build", "-q", "--wheel", "-o", str(again), str(ROOT))
    assert next(again.glob("*.whl")).read_bytes() == wheel.read_bytes()
    of_years = [digests(next(folder.glob("*.whl"))) for folder in (tmp_path / "a", tmp_path / "b")]
    assert of_years[0] == of_years[1] == digests(wheel)
