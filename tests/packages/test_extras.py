"""Each extra alone: all modules of its part can be imported; it brings what it shall bring, and no more."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from packages.environments import Environment

pytestmark = [pytest.mark.alone, pytest.mark.slow]

MEASURING = ("duckdb", "sklearn", "scipy", "fairlearn", "pandas", "apscheduler")
FIGURES = ("matplotlib", "numpy")
CHAIN = (
    *("web3", "eth_account", "websockets", "coincurve"),
    *("sqlmodel", "sqlalchemy", "alembic", "pyarrow", "aiohttp", "fsspec"),
)
PAGES = ("starlette", "jinja2", "uvicorn")
SPECIAL = ("pyspark", "ape", "psycopg", "s3fs", "skops", "pytest", "mkdocs", "schemathesis")
"""What only one extra brings, or none."""
ALL = ("tribune",)
MIGRATIONS = ("tribune.store.migrations",)
"""Alembic runs them; nothing else imports them."""
NO_PAGES = ("tribune.web", *MIGRATIONS)


@dataclass(frozen=True)
class Part:
    """What an extra is for.

    Args:
        extra: its name; empty for none.
        roots: packages whose every module it can import.
        brings: libraries, of those that some extra brings, that it does.
        without: modules below the roots that belong to another part.
    """

    extra: str
    roots: tuple[str, ...]
    brings: tuple[str, ...]
    without: tuple[str, ...] = ()

    @property
    def lacks(self) -> tuple[str, ...]:
        """Libraries that must not be there."""
        some = {*MEASURING, *CHAIN, *PAGES, *SPECIAL, *FIGURES, "discord", "siwe"}
        return tuple(sorted(some - set(self.brings)))


PARTS = (
    Part(
        "",
        ("tribune.metrics", "tribune.decisions", "tribune.reports", "tribune.settings", "tribune.cli"),
        (),
    ),
    Part(
        "gate",
        ("tribune.gate", "tribune.decisions", "tribune.metrics", "tribune.settings", "tribune.cli"),
        ("websockets", "coincurve"),
        ("tribune.gate.sealing.logger",),  # seals and anchors, which the sidecar does
    ),
    Part("chain", ALL, CHAIN, NO_PAGES),
    Part("sidecar", ALL, (*CHAIN, "uvicorn"), NO_PAGES),
    Part("bot", (*ALL, "tribune_bot"), (*CHAIN, *FIGURES, "discord", "siwe"), NO_PAGES),
    Part("web", ALL, (*CHAIN, *PAGES, *FIGURES, "siwe"), MIGRATIONS),
    Part(
        "monitors",
        (*ALL, "tribune_monitors"),
        (*CHAIN, *MEASURING, *FIGURES),
        (*NO_PAGES, "tribune_monitors.replayers.skops", "tribune_monitors.sources.postgres"),
    ),
    Part("replay", ("tribune_monitors.replayers",), (*CHAIN, *MEASURING, *FIGURES, "skops")),
    Part("postgres", ("tribune.store",), (*CHAIN, "psycopg"), MIGRATIONS),
    Part("sources", ("tribune.store",), (*CHAIN, "psycopg"), MIGRATIONS),
    Part("s3", ("tribune.reports",), (*CHAIN, "s3fs")),
    Part("spark", ("tribune_monitors.engines",), (*CHAIN, *MEASURING, *FIGURES, "pyspark")),
    Part("contracts", ("tribune.chain",), (*CHAIN, "ape", "numpy", "pandas", "pytest")),
)


@pytest.mark.parametrize("part", PARTS, ids=lambda part: part.extra or "none")
def test_extra__alone__imports_its_part_and_brings_nothing_else(
    part: Part, environment_of: Callable[[str], Environment], tmp_path: Path
) -> None:
    made = environment_of(part.extra)
    found = made.walk(part.roots, part.without, (*part.lacks, *part.brings))
    assert found["failed"] == {}
    assert set(found["there"]) == set(part.brings)
    assert found["imported"] > len(part.roots)
    told = made.run("tribune", "--help", cwd=tmp_path)
    assert told.returncode == 0, told.stderr
    assert "measure" in told.stdout
