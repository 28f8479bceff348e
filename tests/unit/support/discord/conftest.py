"""A stand-in, its control interface and a plain discord.py bot, fresh for each test."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from support.discord.client import Control
from support.discord.sample import Bot, find_description, running
from support.discord.server import StandIn


@pytest.fixture
async def stand_in(tmp_path: Path) -> AsyncIterator[StandIn]:
    """A stand-in in this process; where the OpenAPI description is present no answer may break it."""
    async with StandIn(tmp_path, openapi=find_description()) as discord:
        yield discord
        report = discord.ledger.report()
    assert report["answers"] == []


@pytest.fixture
async def control(stand_in: StandIn) -> AsyncIterator[Control]:
    async with Control(stand_in.control_port) as ready:
        yield ready


@pytest.fixture
async def bot(stand_in: StandIn) -> AsyncIterator[Bot]:
    async with running(stand_in.folder) as ready:
        yield ready
