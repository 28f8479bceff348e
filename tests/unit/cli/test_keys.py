"""`tribune key` as a process, with a terminal and without: what it makes, asks, prints and hides."""

from __future__ import annotations

import json
import os
import pty
import select
import stat
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from support.anvil import KEYS, ROOT
from support.signer import signer_process

ADDRESS = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"
SESAME = "open sesame"
LIMIT_S = 60.0


def tribune(folder: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the command where there is no terminal."""
    return subprocess.run(
        [sys.executable, "-m", "tribune.cli", "key", *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'tests'}", **environment},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
        check=False,
    )


def at_a_terminal(
    folder: Path, answers: Sequence[str], *arguments: str, **environment: str
) -> tuple[int, str]:
    """Run the command as somebody at a terminal does; return its code and all that the terminal showed."""
    terminal, end = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-m", "tribune.cli", "key", *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
        stdin=end,
        stdout=end,
        stderr=end,
        start_new_session=True,
    ) as process:
        os.close(end)
        shown, waiting, limit = b"", list(answers), time.monotonic() + LIMIT_S
        while time.monotonic() < limit:
            if select.select([terminal], [], [], 0.2)[0]:
                try:
                    shown += os.read(terminal, 4096)
                except OSError:  # the other side has closed
                    break
            given = len(answers) - len(waiting)
            if waiting and shown.count(b"Password of") > given and shown.endswith(b": "):
                os.write(terminal, waiting.pop(0).encode() + b"\n")
        os.close(terminal)
        return process.wait(LIMIT_S), shown.decode()


def monitor(source: dict[str, str]) -> dict[str, str]:
    return {f"TRIBUNE_KEYS__MONITOR__{name}": value for name, value in source.items()}


def test_new__then_address__the_same_and_both_files_are_private(tmp_path: Path) -> None:
    made = tribune(tmp_path, "new", "key", "--secret-file", "secret")
    assert made.returncode == 0, made.stderr
    read = tribune(tmp_path, "address", "monitor", **monitor({"KEYSTORE": "key", "SECRET_FILE": "secret"}))
    assert (read.returncode, read.stdout) == (0, made.stdout)
    assert [stat.S_IMODE((tmp_path / name).stat().st_mode) for name in ("key", "secret")] == [0o600] * 2
    assert (tmp_path / "secret").read_text().strip() not in made.stdout + made.stderr


def test_json__of_both__has_the_address(tmp_path: Path) -> None:
    made = json.loads(tribune(tmp_path, "new", "key", "--secret-file", "secret", "--json").stdout)
    source = monitor({"KEYSTORE": "key", "SECRET_FILE": "secret"})
    read = json.loads(tribune(tmp_path, "address", "monitor", "--json", **source).stdout)
    assert made == {"address": read["address"], "file": "key"}
    assert read["role"] == "monitor"


def test_new__at_a_terminal__asks_twice_and_shows_no_password(tmp_path: Path) -> None:
    code, shown = at_a_terminal(tmp_path, [SESAME, SESAME], "new", "key")
    assert code == 0, shown
    assert shown.count("Password of the new keystore key") == 2
    assert SESAME not in shown
    code, again = at_a_terminal(tmp_path, [SESAME], "address", "monitor", **monitor({"KEYSTORE": "key"}))
    assert code == 0, again
    address = next(line for line in again.splitlines() if line.startswith("0x"))
    assert address in shown
    assert SESAME not in again


def test_new__two_different_passwords__makes_nothing(tmp_path: Path) -> None:
    code, shown = at_a_terminal(tmp_path, [SESAME, "open barley"], "new", "key")
    assert code == 2
    assert "differ" in shown
    assert list(tmp_path.iterdir()) == []


def test_new__no_terminal_and_no_secret_file__says_what_to_do(tmp_path: Path) -> None:
    made = tribune(tmp_path, "new", "key")
    assert (made.returncode, made.stdout) == (2, "")
    assert "--secret-file" in made.stderr
    assert list(tmp_path.iterdir()) == []


def test_new__keystore_exists__nothing_is_touched_or_made(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("precious")
    made = tribune(tmp_path, "new", "key", "--secret-file", "secret")
    assert made.returncode == 2
    assert (tmp_path / "key").read_text() == "precious"
    assert not (tmp_path / "secret").exists()


def test_address__no_terminal_to_ask__names_the_secret_file(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("{}")
    read = tribune(tmp_path, "address", "monitor", **monitor({"KEYSTORE": "key"}))
    assert (read.returncode, read.stdout) == (2, "")
    assert "TRIBUNE_KEYS__MONITOR__SECRET_FILE" in read.stderr


@pytest.mark.parametrize(("behaviour", "code"), [("honest", 0), ("another key", 1)])
def test_address__signer__is_proved_by_a_signature(tmp_path: Path, behaviour: str, code: int) -> None:
    with signer_process(tmp_path, KEYS[0], behaviour) as path:
        source = {"SIGNER": "support.signer:connect", "OPTIONS__PATH": path}
        read = tribune(tmp_path, "address", "monitor", **monitor(source))
    assert (read.returncode, read.stdout) == (code, f"{ADDRESS}\n" if code == 0 else "")
    assert ADDRESS in read.stdout + read.stderr
