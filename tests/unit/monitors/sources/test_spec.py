from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from tribune.exceptions import ConfigurationError
from tribune_monitors.sources.spec import SourceSpec, checked_address, moment_us


def load(folder: Path, text: str) -> SourceSpec:
    (folder / "source.toml").write_text(text)
    return SourceSpec.load(folder / "source.toml")


def test_load__whole_table__is_read(tmp_path: Path) -> None:
    found = load(
        tmp_path,
        """
[source]
data = "log/*.jsonl"
from = 2026-01-01
until = "2026-02-01T00:00:00+01:00"
[source.columns]
AGE = "request.features.age"
[source.time]
unit = "ms"
[source.labels]
data = "s3://bucket/labels"
[source.labels.columns]
label = "outcome"
""",
    )
    assert found.rows.data == str(tmp_path / "log/*.jsonl")
    assert (found.rows.field_of("AGE"), found.rows.field_of("SEX")) == ("request.features.age", "SEX")
    assert found.rows.time.unit == "ms"
    assert found.labels is not None
    assert (found.labels.data, found.labels.field_of("label")) == ("s3://bucket/labels", "outcome")
    assert found.start_us == 1_767_225_600_000_000
    assert found.end_us == 1_769_904_000_000_000 - 3_600_000_000


def test_load__no_table__names_no_data(tmp_path: Path) -> None:
    assert load(tmp_path, 'task = "binary"') == SourceSpec()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[source]\nfile = 'x'", "no key 'file'"),
        ("[source.labels]\nfile = 'x'", "[source.labels] has no key 'file'"),
        ("[source.columns]\nAGE = 3", "AGE in [source] must be text"),
        ("[source.time]\nunit = 'fortnights'", "no unit of time 'fortnights'"),
        ("[source.time]\nepoch = 'ms'", "no key 'epoch'"),
        ("[source.time]\nzone = 'Mars/Crater'", "no time zone 'Mars/Crater'"),
        ("[source.time]\nzone = '../../etc/passwd'", "no time zone"),
        ("[source]\nfrom = 'soon'", "is 'soon', which is no time"),
        ("[source]\nfrom = 3", "from is no time"),
        ("[source]\nfrom = 2026-02-01\nuntil = 2026-01-01", "ends before it starts"),
        ("source = 3", "[source] must be a table"),
    ],
)
def test_load__unfit__is_refused_by_name(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        load(tmp_path, text)
    assert words in str(refused.value)


@pytest.mark.parametrize(
    "address",
    [
        "postgresql://me:hunter2@h/d?table=t",
        "postgresql://h/d?table=t&password=hunter2",
        "s3://k:hunter2@b/x",
    ],
)
def test_checked_address__password__is_refused_without_saying_it(address: str) -> None:
    with pytest.raises(ConfigurationError, match="password") as refused:
        checked_address(address)
    assert "hunter2" not in str(refused.value)


@pytest.mark.parametrize("address", ["data:odd@name.csv", "postgresql://me@h/d?table=t", "s3://bucket/x"])
def test_checked_address__no_password__is_as_given(address: str) -> None:
    assert checked_address(address) == address


@pytest.mark.parametrize(
    "given",
    ["2026-01-01", "2026-01-01T00:00:00Z", "2026-01-01T01:00:00+01:00", date(2026, 1, 1),
     datetime(2026, 1, 1), datetime(2026, 1, 1, tzinfo=UTC)],
)  # fmt: skip
def test_moment_us__one_moment_in_any_form__is_the_same(given: object) -> None:
    assert moment_us(given, "from") == 1_767_225_600_000_000
