"""Commands that read the index beside a chain that answers: how far they reach is known then."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

from typer.testing import CliRunner, Result

from integration.monitor_world import MonitorWorld
from integration.test_cli import on_chain
from support.index import read_chain
from tribune.cli import app
from tribune.store.session import open_store


def ran(world: MonitorWorld, folder: Path, *arguments: str) -> Result:
    """Run a command on a store that has read the whole chain."""
    url = f"sqlite:///{folder / 'index.db'}"
    with open_store(url) as store:
        asyncio.run(read_chain(world.chain, store))
    return CliRunner().invoke(
        app, list(arguments), env=on_chain(world, TRIBUNE_STORE_URL=url), catch_exceptions=False
    )


def test_status__beside_a_chain__says_how_far_it_reaches(world: MonitorWorld, tmp_path: Path) -> None:
    done = ran(world, tmp_path, "status", "--json")
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    assert {one["id"]: (one["state"], one["oversight"]) for one in told["models"]}[1] == ("Active", "Healthy")
    assert told["status"]["blocks_behind"] == 0
    assert told["status"]["chain_block"] == told["status"]["index"]["block"]


def test_status_of_one__as_json__is_the_chain_s_word(world: MonitorWorld, tmp_path: Path) -> None:
    done = ran(world, tmp_path, "status", "1", "--json")
    told = json.loads(done.stdout)
    assert (told["name"], told["version"], told["state"], told["operational"]) == (
        "credit",
        1,
        "Active",
        True,
    )
    assert told["panel"] == {"monitors": 3, "quorum": 2}


def test_audit__of_a_model__tells_who_did_what(world: MonitorWorld, tmp_path: Path) -> None:
    done = ran(world, tmp_path, "audit", "--model", "1", "--limit", "1000")
    assert done.exit_code == 0, done.output
    assert f"Registered; its steward is {world.chain.steward.address[:6]}" in done.stdout
    assert {line.split("\t")[1] for line in done.stdout.splitlines()} == {"1"}
