"""One thing that each part is for, done with what its extra installs and nothing else."""

from __future__ import annotations

import json
import shutil
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path

import pytest

from packages.environments import Environment, environment
from support.anvil import CHAIN_ID, Anvil, find_binary
from support.processes import free_port

pytestmark = [pytest.mark.alone, pytest.mark.slow]

Of = Callable[[str], Environment]
PATIENCE_S = 60.0
ROWS = """
import random, pyarrow, pyarrow.parquet
dice = random.Random(7)
def table(odd):
    ages = [dice.randrange(18, 80) * (12 if dice.random() < odd else 1) for _ in range(2000)]
    said = [dice.choice("01") for _ in ages]
    return pyarrow.table({"age": ages, "sex": [dice.choice("fm") for _ in ages], "prediction": said})
pyarrow.parquet.write_table(table(0), "before.parquet")
pyarrow.parquet.write_table(table(0.3), "after.parquet")
"""
ABIS = """
from tribune.chain.codec import committed_abis, load_abi
assert len(committed_abis()) == 11
print(load_abi("KillSwitch").topic("StateChanged").hex())
"""


@pytest.mark.parametrize("extra", ["monitors", "spark"])
def test_measure__a_small_parquet_file__is_reported(extra: str, environment_of: Of, tmp_path: Path) -> None:
    if extra == "spark" and shutil.which("java") is None:
        pytest.skip("Spark needs Java")
    made = environment_of(extra)
    engine = "spark" if extra == "spark" else "duckdb"
    for command in (
        ("python", "-I", "-c", ROWS),
        ("tribune", "model", "init", "before.parquet"),
        ("tribune", "profile", "before.parquet"),
        ("tribune", "measure", "after.parquet", "--engine", engine, "--json", "-o", "report.json"),
    ):
        done = made.run(*command, cwd=tmp_path)
        assert done.returncode == 0, done.stderr
    found = json.loads((tmp_path / "report.json").read_bytes())
    assert found["tally"]["rows"] == 2000
    assert found["values"]["quality.out_of_range_rate/age"]["micro"] > 200_000


def test_contracts__their_abis__are_found(environment_of: Of, tmp_path: Path) -> None:
    done = environment_of("contracts").run("python", "-I", "-W", "ignore", "-c", ABIS, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert len(done.stdout.strip()) == 64


def test_bot__without_its_token__says_how_to_give_it(environment_of: Of, tmp_path: Path) -> None:
    done = environment_of("bot").run("tribune", "bot", "run", cwd=tmp_path)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert "TRIBUNE_" in done.stderr


@pytest.mark.skipif(find_binary() is None, reason="anvil is not installed")
def test_web__on_loopback__serves_its_pages(environment_of: Of, tmp_path: Path) -> None:
    from support.chain import deploy

    made, port = environment_of("web"), free_port()
    with Anvil.start() as anvil:
        deploy(anvil).write_record(tmp_path)
        variables = {
            "TRIBUNE_CHAIN__HTTP_URL": anvil.http_url,
            "TRIBUNE_CHAIN__CHAIN_ID": str(CHAIN_ID),
            "TRIBUNE_DEPLOYMENTS": str(tmp_path),
            "TRIBUNE_STORE_URL": f"sqlite:///{tmp_path / 'store.db'}",
            "TRIBUNE_WEB__PORT": str(port),
        }
        with (tmp_path / "web.log").open("wb") as log:
            serving = subprocess.Popen(
                [str(made.folder / "bin" / "tribune"), "web"],
                cwd=tmp_path, env=environment(tmp_path, **variables), stdout=log, stderr=log,
            )  # fmt: skip
        try:
            page = until_answered(f"http://127.0.0.1:{port}/", serving, tmp_path / "web.log")
            style = until_answered(
                f"http://127.0.0.1:{port}/static/tribune.css", serving, tmp_path / "web.log"
            )
        finally:
            serving.terminate()
            serving.wait(30)
    assert "<!doctype html>" in page
    assert "{" in style


def until_answered(url: str, serving: subprocess.Popen[bytes], log: Path) -> str:
    """Return what stands at an address, once it is served."""
    ends = time.monotonic() + PATIENCE_S
    while True:
        try:
            with urllib.request.urlopen(url, timeout=PATIENCE_S) as answer:  # noqa: S310 - of this test
                return str(answer.read().decode())
        except urllib.error.URLError:
            assert serving.poll() is None, log.read_text()
            assert time.monotonic() < ends, log.read_text()
            time.sleep(0.1)
