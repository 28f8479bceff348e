"""Lock files: the committed ones fit, and what does not fit is named."""

from __future__ import annotations

import pytest

from scripts.locks import LOCKS, ROOT, Lock, faults_of

MAIN = LOCKS[0]
TEXT = (ROOT / MAIN.path).read_text()


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.path)
def test_faults_of__committed_lock__none(lock: Lock) -> None:
    assert list(faults_of(lock)) == []


def without(name: str) -> str:
    return "".join(line for line in TEXT.splitlines(keepends=True) if not line.startswith(f"{name}=="))


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (without("typer"), "typer, which pyproject.toml asks for, is not pinned"),
        (
            without("discord-py") + "discord-py==2.0.0\n",
            "discord-py==2.0.0 is not what pyproject.toml asks for",
        ),
        (without("pycryptodome"), "pycryptodome, which eth-hash"),  # an extra of a library
        (without("markupsafe"), "markupsafe, which jinja2"),
        (TEXT + "left-pad==1.3.0\n", "nothing asks for left-pad"),
        (f"--index-url https://registry.example/simple\n{TEXT}", "is no pin"),
        (TEXT + "left-pad @ https://registry.example/left-pad.whl\n", "is no pin"),
        (TEXT + "left-pad>=1\n", "is no pin"),
    ],
)
def test_faults_of__what_does_not_fit__is_named(text: str, fault: str) -> None:
    assert any(fault.lower() in one.lower() for one in faults_of(MAIN, text))


def test_faults_of__libraries_of_other_systems__are_not_asked_for() -> None:
    assert "sys_platform == 'win32'" in TEXT
    assert list(faults_of(MAIN, TEXT)) == []
