"""How commands end: the code of each outcome, a reader that goes away, Ctrl-C, a fault of the program."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from support.processes import environment
from tribune.cli import app
from tribune.cli.running import enter, plain_errors
from tribune.exceptions import COULD_NOT

TRIBUNE = (sys.executable, "-m", "tribune.cli")


@pytest.mark.parametrize(
    ("command", "code"),
    [
        (("manifest", "data"), 0),
        (("manifest", "data", "--expect", "0x" + "00" * 32), 1),
        (("manifest", "data", "--nonsense"), 2),
        (("measure", "a.csv", "--check"), 2),
        (("verify", "report", "nonsense"), 2),
        (("manifest", "nowhere"), 3),
        (("measure", "a.csv", "--profile", "nowhere.json"), 3),
        (("verify", "decision", "nowhere.json"), 3),
        (("models",), 3),
    ],
)
def test_command__each_outcome__has_its_code(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...], code: int
) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "a.csv").write_text("a\n1\n")
    (tmp_path / "profile.json").write_text("{}")
    monkeypatch.chdir(tmp_path)
    ran = CliRunner().invoke(app, list(command), catch_exceptions=False)
    assert ran.exit_code == code, ran.output


def test_enter__fault_of_the_program__is_said_as_one(capsys: pytest.CaptureFixture[str]) -> None:
    def broken(**_: object) -> None:
        raise ZeroDivisionError("what nobody foresaw")

    assert enter(broken) == COULD_NOT
    said = capsys.readouterr().err
    assert "what nobody foresaw" in said
    assert "fault of the program" in said


@pytest.mark.parametrize(
    ("module", "extra"),
    [("starlette", "web"), ("discord", "bot"), ("duckdb", "monitors"), ("unheard_of", "chain")],
)
def test_command__library_missing__names_the_extra_that_brings_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], module: str, extra: str
) -> None:
    lines = [
        "tribune-dao[chain]; extra == 'web'",
        "starlette; extra == 'web'",
        "discord-py==2.7.1; extra == 'bot'",
    ]
    lines += ['duckdb==2.0.0; extra == "monitors"', "pydantic"]
    monkeypatch.setattr("importlib.metadata.requires", lambda _: lines)
    with pytest.raises(typer.Exit) as ended, plain_errors():
        raise ModuleNotFoundError(f"No module named {module!r}", name=f"{module}.deeper")
    assert ended.value.exit_code == 2
    assert f"pip install 'tribune-dao[{extra}]'" in capsys.readouterr().err


def test_command__disk_refuses__names_the_file(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    with pytest.raises(typer.Exit) as ended, plain_errors():
        (tmp_path / "nowhere" / "file").write_text("x")
    assert ended.value.exit_code == 3
    assert f"{tmp_path}/nowhere/file: No such file or directory." in capsys.readouterr().err


def test_command__reader_goes_away__ends_without_a_complaint(tmp_path: Path) -> None:
    reading, writing = os.pipe()
    os.close(reading)  # as `head` does that has seen enough
    with os.fdopen(writing, "wb") as nobody:
        ran = subprocess.run(
            [*TRIBUNE, "settings", "example"],
            cwd=tmp_path, env=environment(), stdout=nobody, stderr=subprocess.PIPE, text=True, timeout=60,
        )  # fmt: skip
    assert (ran.returncode, ran.stderr) == (141, "")


def test_command__ctrl_c__ends_with_130_and_no_traceback(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:  # a node that never answers
        (tmp_path / "deployments").mkdir()
        (tmp_path / "deployments" / "31337.json").write_text(
            '{"chain_id": 31337, "block": 0, "addresses": {}}'
        )
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        running = subprocess.Popen(
            [*TRIBUNE, "status", "1"],
            cwd=tmp_path, env=environment(TRIBUNE_CHAIN__HTTP_URL=url, TRIBUNE_CHAIN__TIMEOUT_S="60"),
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        try:
            silent.settimeout(30)
            with silent.accept()[0]:  # it has asked, so it runs
                running.send_signal(signal.SIGINT)
                _, said = running.communicate(timeout=30)
        finally:
            running.kill()
    assert running.returncode == 130
    assert "Traceback" not in said
