"""`tribune settings example` against the settings themselves: uncommented, it is the defaults."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from pydantic import BaseModel

from tribune.cli.settings_file import example
from tribune.settings import KeySource, NamedMonitor, Settings, load_settings


def test_example__as_it_is__is_a_settings_file_that_changes_nothing(tmp_path: Path) -> None:
    (tmp_path / "tribune.toml").write_text(example())
    read = load_settings(tmp_path / "tribune.toml")
    assert read.model_dump(exclude={"keys"}) == Settings().model_dump(exclude={"keys"})


def test_example__uncommented__has_every_default_where_it_belongs() -> None:
    text = re.sub(r"^# (\w+ = )", r"\1", example(), flags=re.MULTILINE)
    text = re.sub(r"^\w+ =    \(not set\)$", "", text, flags=re.MULTILINE)
    written = {name: value for name, value in tomllib.loads(text).items() if name != "keys"}
    assert written == Settings().model_dump(mode="json", exclude={"keys", "monitors"}, exclude_none=True)


def test_example__whole__names_every_setting_with_a_sentence() -> None:
    text = example()
    sections: dict[str, type[BaseModel]] = {"KeySource": KeySource, "NamedMonitor": NamedMonitor}
    sections |= {name: type(part) for name, part in Settings() if isinstance(part, BaseModel)}
    for outer in ("gate", "monitor"):
        within = getattr(Settings(), outer)
        sections |= {f"{outer}.{name}": type(part) for name, part in within if isinstance(part, BaseModel)}
    names = set(Settings.model_fields) - {*sections, "keys", "monitors"}
    for section in sections.values():
        names |= set(section.model_fields)
    names -= {name.rpartition(".")[2] for name in sections}
    assert len(names) > 30
    for name in names:
        assert re.search(rf"^# \S.*\n# {name} = ", text, re.MULTILINE), name


@pytest.mark.parametrize("word", ["``", '"""'])
def test_example__no_remains_of_markup(word: str) -> None:
    assert word not in example()


def test_settings_example__as_a_command__prints_it() -> None:
    run = [sys.executable, "-m", "tribune.cli", "settings", "example"]
    done = subprocess.run(run, capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout == example()
