"""Rows come back as they were, from either kind of database into either, and over nothing that is there."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import SQLModel, select

from support.processes import ran_at_terminal
from tribune.exceptions import ConfigurationError, StoreError
from tribune.log import REDACTED
from tribune.operations.archive import Archive, read_archive, write_archive
from tribune.operations.backup import KEPT, MADE_AGAIN, make_backup, restore_backup
from tribune.settings import load_settings
from tribune.store.session import Store, open_store
from tribune.store.tables import (
    Checkpoint,
    OutboxRow,
    PeerCheck,
    PostedMessage,
    SignedReport,
    StoredBallot,
    WalletLink,
)


def rows() -> list[SQLModel]:
    """Return a row of each kind that is kept, with values that are easily lost."""
    return [
        SignedReport(
            monitor="0xA", model_id=2**40, frame=3, version=1, digest="d", policy="p", manifest="m",
            evidence="e", report_values=[-(2**63), 0, 2**62], witness="w", signature="s", state="final",
        ),
        PeerCheck(monitor="0xA", model_id=1, version=1, frame=2, peer="0xB", verdict="ok"),
        StoredBallot(proposal_id=str(2**255), voter="0xC", support=1, reason="because\n„ä“", signature="s"),
        WalletLink(discord_user_id=2**62, wallet="0xD"),
        PostedMessage(subject="case/1", channel_id=5, message_id=2**61),
        OutboxRow(key="k2", kind="b", payload={"n": 1}),
        OutboxRow(key="k1", kind="a", payload={"text": "x"}),
    ]  # fmt: skip


def place(folder: Path, url: str) -> Path:
    """Make a folder with a settings file and a deployment."""
    (folder / "deployments").mkdir(parents=True)
    (folder / "deployments" / "31337.json").write_text('{"chain_id": 31337}')
    file = folder / "tribune.toml"
    file.write_text(f'store_url = "{url}"\ndeployments = "{folder / "deployments"}"\n')
    return file


def fill(url: str, *, more: bool = False) -> None:
    with open_store(url) as store, store.session() as session:
        for row in rows():
            session.add(row)
            session.flush()
        session.add(Checkpoint(name="bot.cases", block_number=7, block_hash=""))
        if more:
            session.add(OutboxRow(key="later", kind="a"))


def content(url: str) -> dict[str, list[dict[str, Any]]]:
    with Store(url) as store, store.session(readonly=True) as session:
        return {
            str(table.__tablename__): [row.model_dump(exclude={"id"}) for row in session.exec(select(table))]
            for table in KEPT
        }


def backup(file: Path) -> Archive:
    return make_backup(load_settings(file), file)[0]


def test_kept_and_made_again__together__are_all_tables() -> None:
    ours = {str(table.__tablename__) for table in (*KEPT, *MADE_AGAIN)}
    assert ours == set(SQLModel.metadata.tables)


def test_restore__into_an_empty_store__every_row_as_it_was(store_url: str, tmp_path: Path) -> None:
    file = place(tmp_path / "old", store_url)
    fill(store_url)
    write_archive(tmp_path / "b", backup(file))
    new = f"sqlite:///{tmp_path / 'new.db'}"
    assert restore_backup(read_archive(tmp_path / "b"), place(tmp_path / "new", new)) == {"main": 7}
    assert content(new) == content(store_url)


def test_restore__into_the_other_kind_of_database__every_row_in_its_order(
    empty_store_url: str, tmp_path: Path
) -> None:
    url = f"sqlite:///{tmp_path / 'old.db'}"
    fill(url)
    archive = backup(place(tmp_path / "old", url))
    restore_backup(archive, place(tmp_path / "new", empty_store_url))
    assert content(empty_store_url) == content(url)
    with open_store(empty_store_url) as store, store.session() as session:  # its numbers go on
        session.add(OutboxRow(key="next", kind="a"))
        session.flush()
        assert [row.key for row in session.exec(select(OutboxRow).order_by("id"))] == ["k2", "k1", "next"]


def test_restore__over_rows__refused_then_forced(store_url: str, tmp_path: Path) -> None:
    file = place(tmp_path / "old", store_url)
    fill(store_url)
    archive, before = backup(file), content(store_url)
    with open_store(store_url) as store, store.session() as session:
        session.add(OutboxRow(key="later", kind="a"))
    with pytest.raises(ConfigurationError, match="The store main has rows already"):
        restore_backup(archive, file)
    assert len(content(store_url)["outbox"]) == 3
    restore_backup(archive, file, force=True)
    assert content(store_url) == before
    with Store(store_url) as store, store.session(readonly=True) as session:
        assert session.exec(select(Checkpoint)).all() == []  # the index is read again


def test_restore__another_deployment_is_there__refused(tmp_path: Path) -> None:
    archive = backup(place(tmp_path / "old", f"sqlite:///{tmp_path / 'a.db'}"))
    file = place(tmp_path / "new", f"sqlite:///{tmp_path / 'b.db'}")
    path = tmp_path / "new" / "deployments" / "31337.json"
    path.write_text("{}")
    with pytest.raises(ConfigurationError, match="is another one than in the backup"):
        restore_backup(archive, file)
    assert path.read_text() == "{}"


def test_restore__on_a_new_machine__brings_the_settings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "old").mkdir()
    monkeypatch.chdir(tmp_path / "old")
    Path("tribune.toml").write_text('[chain]\nhttp_url = "https://node.example"\n')
    fill("sqlite:///tribune.db")
    archive = backup(Path("tribune.toml"))
    (tmp_path / "new").mkdir()
    monkeypatch.chdir(tmp_path / "new")
    restore_backup(archive, None)
    assert load_settings().chain.http_url == "https://node.example"
    assert len(content("sqlite:///tribune.db")["ballot"]) == 1


def test_restore__credentials_were_taken_out__asks_for_them_before_any_row(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("tribune.toml").write_text('[chain]\nhttp_url = "https://me:s3cretpass@node.example"\n')
    fill("sqlite:///tribune.db")
    archive = backup(Path("tribune.toml"))
    assert not any(b"s3cretpass" in data for data in archive.files.values())
    Path("tribune.toml").unlink()
    Path("tribune.db").unlink()
    with pytest.raises(ConfigurationError, match="Put them in again"):
        restore_backup(archive, None)
    assert REDACTED in Path("tribune.toml").read_text()
    assert not Path("tribune.db").exists()


def test_restore__a_monitor_that_the_settings_lack__named(tmp_path: Path) -> None:
    archive = backup(place(tmp_path / "old", f"sqlite:///{tmp_path / 'a.db'}"))
    with_more = Archive({**archive.files, "stores/monitor-x.jsonl": b""}, archive.facts)
    with pytest.raises(ConfigurationError, match="no store monitor-x"):
        restore_backup(with_more, place(tmp_path / "new", f"sqlite:///{tmp_path / 'b.db'}"))


def test_restore__of_a_newer_release__refused(tmp_path: Path) -> None:
    archive = backup(place(tmp_path / "old", f"sqlite:///{tmp_path / 'a.db'}"))
    newer = Archive(archive.files, {**archive.facts, "revision": "9999"})
    with pytest.raises(ConfigurationError, match="newer release"):
        restore_backup(newer, tmp_path / "old" / "tribune.toml")


@pytest.mark.parametrize("line", [b"x", b'["nothing",{}]', b'["outbox",{"key":5}]', b'["outbox"]'])
def test_restore__a_row_of_another_form__refused_before_any_write(tmp_path: Path, line: bytes) -> None:
    archive = backup(place(tmp_path / "old", f"sqlite:///{tmp_path / 'a.db'}"))
    odd = Archive({**archive.files, "stores/main.jsonl": line + b"\n"}, archive.facts)
    with pytest.raises(ConfigurationError, match="not of their form"):
        restore_backup(odd, place(tmp_path / "new", f"sqlite:///{tmp_path / 'b.db'}"))
    assert not (tmp_path / "b.db").exists()


def test_backup__store_of_another_release__refused(tmp_path: Path) -> None:
    from sqlalchemy import text

    url = f"sqlite:///{tmp_path / 'a.db'}"
    with open_store(url) as store, store.session() as session:
        session.execute(text("UPDATE alembic_version SET version_num = '0001'"))
    with pytest.raises(StoreError, match="another release"):
        backup(place(tmp_path / "old", url))


def test_backup__keys_beside_the_settings__are_not_in_it(tmp_path: Path) -> None:
    file = place(tmp_path / "old", f"sqlite:///{tmp_path / 'a.db'}")
    (tmp_path / "old" / "monitor.key").write_text("k")
    assert set(backup(file).files) == {"tribune.toml", "deployments/31337.json", "stores/main.jsonl"}


def test_backup_and_restore__as_commands__say_what_they_did(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'a.db'}"
    place(tmp_path / "old", url)
    fill(url)
    said = [
        subprocess.run(
            [sys.executable, "-m", "tribune.cli", *arguments],
            cwd=tmp_path / "old", capture_output=True, text=True, timeout=60,
        )
        for arguments in (
            *(("backup", "b"), ("backup", "b"), ("restore", "b"), ("restore", "b", "--force")),
            *(("backup", "b", "--force", "--json"), ("restore", "b", "--force", "--json")),
        )
    ]  # fmt: skip
    assert [ran.returncode for ran in said] == [0, 2, 2, 0, 0, 0]
    assert said[0].stdout.startswith("Wrote b: 7 rows of main")
    assert "is there already" in said[1].stderr
    assert "give --force" in said[2].stderr
    assert "7 rows of main" in said[3].stdout
    assert json.loads(said[4].stdout) == {"file": "b", "rows": {"main": 7}}
    assert json.loads(said[5].stdout)["rows"] == {"main": 7}


def test_backup_and_restore__many_rows__tell_how_much_is_done(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'a.db'}"
    with open_store(url) as store, store.session() as session:
        session.add_all(OutboxRow(key=str(number), kind="a") for number in range(2500))
    settings, told = load_settings(place(tmp_path / "old", url)), list[tuple[str, float]]()
    archive, _ = make_backup(settings, None, tell=lambda *said: told.append(said))
    assert told == [("Reading the store main", share) for share in (0.0, 0.4, 0.8)]
    told.clear()
    file = place(tmp_path / "new", f"sqlite:///{tmp_path / 'b.db'}")
    restore_backup(archive, file, tell=lambda *said: told.append(said))
    assert told == [("Filling the store main", share) for share in (0.0, 0.4, 0.8)]


def test_backup_and_restore__at_a_terminal__show_what_they_do_and_nothing_to_machines(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'a.db'}"
    place(tmp_path / "old", url)
    fill(url)
    printed, shown = ran_at_terminal(tmp_path / "old", "backup", "b")
    assert "Writing b …" in shown
    assert printed.startswith("Wrote b: 7 rows of main")
    printed, shown = ran_at_terminal(tmp_path / "old", "restore", "b", "--force")
    assert "Filling the store main …   0%" in shown
    assert printed.startswith("Restored what was kept at")
    for command in (("backup", "c"), ("restore", "c", "--force")):
        printed, shown = ran_at_terminal(tmp_path / "old", *command, "--json")
        assert (shown, json.loads(printed)["rows"]) == ("", {"main": 7})
