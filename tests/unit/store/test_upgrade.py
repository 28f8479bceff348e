"""Tables come from the migrations alone, quickly, keep what was there, and match what the code declares."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest
from sqlalchemy import Connection, Table, inspect, text
from sqlmodel import SQLModel

import tribune.store.tables  # noqa: F401 - fills SQLModel.metadata
from tribune.exceptions import StoreError
from tribune.store import queries
from tribune.store.about import about
from tribune.store.session import Store, make_engine, open_store
from tribune.store.tables import ChainEvent, SignedReport
from tribune.store.upgrade import HEAD, upgrade


def config(connection: Connection | None = None) -> object:
    from alembic.config import Config

    found = Config()
    found.set_main_option("script_location", str(Path("tribune/store/migrations").resolve()))
    found.set_main_option("path_separator", "os")
    found.attributes["connection"] = connection
    return found


def revisions() -> list[str]:
    from alembic.script import ScriptDirectory

    scripts = ScriptDirectory.from_config(config())  # type: ignore[arg-type]
    return [script.revision for script in scripts.walk_revisions()][::-1]


def at_revision(url: str, revision: str) -> None:
    """Make the store that the release with this newest revision made."""
    from alembic import command

    engine = make_engine(url)
    with engine.begin() as connection:
        command.upgrade(config(connection), revision)  # type: ignore[arg-type]
    engine.dispose()


def fill(connection: Connection) -> dict[str, list[dict[str, object]]]:
    """Put a row of telling values into every table that is there; return what was put."""
    put: dict[str, list[dict[str, object]]] = {}
    for name in inspect(connection).get_table_names():
        if name == "alembic_version":
            continue
        columns = {c["name"]: str(c["type"]) for c in inspect(connection).get_columns(name)}
        row = {column: _value(column, kind) for column, kind in columns.items()}
        marks = ", ".join(f":{column}" for column in row)
        names = ", ".join(row)
        connection.execute(text(f"INSERT INTO {name} ({names}) VALUES ({marks})"), row)  # noqa: S608
        put[name] = _rows(connection, name, list(row))
    return put


def _value(column: str, kind: str) -> object:
    if kind in ("BIGINT", "INTEGER"):
        return 7 if column == "id" else 2**31 - 1 if kind == "INTEGER" else 2**53
    if kind == "BOOLEAN":
        return True
    if kind == "JSON":
        return '{"n": 115792089237316195423570985008687907853269984665640564039457584007913129639935}'
    return b"\x00\xff" if kind in ("BLOB", "BYTEA") else f"{column} ⚖ 'x'"


def _rows(connection: Connection, name: str, columns: list[str]) -> list[dict[str, object]]:
    found = connection.execute(text(f"SELECT {', '.join(columns)} FROM {name}"))  # noqa: S608
    return [dict(row._mapping) for row in found]


def test_upgrade__fresh__migrations_equal_the_tables(empty_store_url: str) -> None:
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    upgrade(empty_store_url)
    with Store(empty_store_url) as store, store.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_server_default": True})
        assert compare_metadata(context, SQLModel.metadata) == []


def test_upgrade__fresh__unique_keys_as_declared(empty_store_url: str) -> None:
    upgrade(empty_store_url)
    with Store(empty_store_url) as store, store.engine.connect() as connection:
        found = {key["name"]: key["column_names"] for key in _unique(connection)}
    assert found["uq_signed_report_frame"] == [
        *("monitor", "model_id", "frame", "evaluation_of", "evaluation_policy")
    ]
    assert found["uq_outbox_key"] == ["key"]


def _unique(connection: Connection) -> list[dict[str, object]]:
    tables: list[Table] = SQLModel.metadata.sorted_tables
    return [dict(key) for t in tables for key in inspect(connection).get_unique_constraints(t.name)]


def test_upgrade__head__is_the_newest_revision() -> None:
    assert revisions()[-1] == HEAD


@pytest.mark.parametrize("earlier", revisions()[:-1])
def test_upgrade__earlier_release_with_data__every_value_kept(empty_store_url: str, earlier: str) -> None:
    at_revision(empty_store_url, earlier)
    engine = make_engine(empty_store_url)
    with engine.begin() as connection:
        put = fill(connection)
    engine.dispose()
    assert len(put) >= 10
    upgrade(empty_store_url)
    engine = make_engine(empty_store_url)
    with engine.begin() as connection:
        for name, rows in put.items():
            assert _rows(connection, name, list(rows[0])) == rows, name
    engine.dispose()


def test_upgrade__reports_of_release_1__evaluations_keyed_by_their_policy(empty_store_url: str) -> None:
    at_revision(empty_store_url, "0001")
    engine = make_engine(empty_store_url)
    with engine.begin() as connection:
        for frame, version, of in ((0, 1, 1), (0, 2, 2), (5, 2, 0)):
            connection.execute(
                text(
                    "INSERT INTO signed_report (monitor, model_id, frame, version, evaluation_of, digest, "
                    "policy, manifest, evidence, cid, report_values, witness, signature, state, tx_hash, "
                    "created_at, updated_at) VALUES ('0xM', 1, :frame, :version, :of, '0xD', 'aa', '', '', "
                    "'', '[1, -9223372036854775808]', '', '', 'counted', '0xT', 0, 0)"
                ),
                {"frame": frame, "version": version, "of": of},
            )
    engine.dispose()
    with open_store(empty_store_url) as store, store.session() as session:
        evaluation = queries.signed_report(session, "0xM", 1, 0, 2, "aa")
        frame_row = queries.signed_report(session, "0xM", 1, 5, 9, "bb")
        assert queries.signed_report(session, "0xM", 1, 0, 2, "bb") is None
        assert evaluation is not None
        assert frame_row is not None
        assert (evaluation.evaluation_policy, evaluation.block_number, evaluation.error) == ("aa", 0, "")
        assert (frame_row.evaluation_policy, frame_row.report_values) == ("", [1, -(2**63)])
        again = SignedReport(**evaluation.model_dump(exclude={"id"}))
        assert queries.store_signature(session, again).id == evaluation.id
        again = SignedReport(**evaluation.model_dump(exclude={"id"}) | {"policy": "bb"})
        assert queries.store_signature(session, again).id not in (evaluation.id, frame_row.id)


def test_upgrade__events_of_release_1_rolled_back__their_ids_are_not_given_again(
    empty_store_url: str,
) -> None:
    at_revision(empty_store_url, "0001")
    engine = make_engine(empty_store_url)
    with engine.begin() as connection:
        for index in range(3):
            connection.execute(
                text(
                    "INSERT INTO chain_event (block_number, block_hash, block_time, tx_hash, log_index, "
                    "address, contract, name, args, topics, data) "
                    "VALUES (5, '0xB', 0, '', :index, '', '', '', '{}', '[]', '')"
                ),
                {"index": index},
            )
    engine.dispose()
    with open_store(empty_store_url) as store, store.session() as session:
        (_, _, last) = queries.events_since(session, 0)
        queries.roll_back(session, "indexer", 4)
        queries.add_once(session, ChainEvent(**last.model_dump(exclude={"id"})))
        (new,) = queries.events_since(session, 0)
        assert new.id == 4


@pytest.mark.alone
def test_upgrade__second_time__changes_nothing_and_is_quick(empty_store_url: str) -> None:
    upgrade(empty_store_url)
    start = time.perf_counter()
    upgrade(empty_store_url)
    assert time.perf_counter() - start < 0.5


def test_upgrade__two_at_once__both_succeed(empty_store_url: str, tmp_path: Path) -> None:
    faults: list[BaseException] = []

    def work() -> None:
        try:
            upgrade(empty_store_url)
        except BaseException as fault:
            faults.append(fault)

    upgrade(f"sqlite:///{tmp_path / 'other.db'}")  # loads Alembic once, in one thread
    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert faults == []
    with open_store(empty_store_url) as store, store.session(readonly=True) as session:
        assert queries.outbox_depth(session) == 0


def test_upgrade__no_folder__store_error_with_mend(tmp_path: Path) -> None:
    with pytest.raises(StoreError) as caught:
        upgrade(f"sqlite:///{tmp_path / 'no' / 'store.db'}")
    assert "TRIBUNE_STORE_URL" in caught.value.mend


def test_upgrade__no_server__store_error_with_mend(tmp_path: Path) -> None:
    pytest.importorskip("psycopg")
    with pytest.raises(StoreError) as caught:
        upgrade(f"postgresql+psycopg://postgres@/test?host={tmp_path}")
    assert "TRIBUNE_STORE_URL" in caught.value.mend


def test_upgrade__newer_release__store_error(empty_store_url: str) -> None:
    with open_store(empty_store_url) as store, store.session() as session:
        session.execute(text("UPDATE alembic_version SET version_num = 'ffff'"))
    with pytest.raises(StoreError, match="another release"):
        upgrade(empty_store_url)


@pytest.mark.parametrize("bad", ["", "nonsense", "nosuch://x/y"])
def test_upgrade__bad_url__store_error(bad: str) -> None:
    with pytest.raises(StoreError):
        upgrade(bad)


@pytest.mark.parametrize(
    ("args", "about"),
    [('{"model_id": 3}', 3), ('{"token_id": 4}', 4), ('{"model_id": "x"}', None), ("{}", None)],
)
def test_upgrade__events_of_before__know_their_model(
    empty_store_url: str, args: str, about: int | None
) -> None:
    at_revision(empty_store_url, "0002")
    engine = make_engine(empty_store_url)
    with engine.begin() as connection:
        columns = {c["name"]: str(c["type"]) for c in inspect(connection).get_columns("chain_event")}
        row = {name: _value(name, kind) for name, kind in columns.items()} | {"args": args}
        marks = ", ".join(f":{name}" for name in row)
        connection.execute(text(f"INSERT INTO chain_event ({', '.join(row)}) VALUES ({marks})"), row)  # noqa: S608
    engine.dispose()
    with open_store(empty_store_url) as store, store.session(readonly=True) as session:
        assert [event.model_id for event in queries.events_since(session, 0)] == [about]


_ADA, _NOBODY, _WORD = "0x" + "ad" * 20, "0x" + "0" * 40, "0x" + "ab" * 32


@pytest.mark.parametrize(
    ("name", "args", "account", "proposal"),
    [
        ("VoteCast", f'{{"voter": "{_ADA}", "proposal_id": 5}}', _ADA, _WORD),
        ("CaseVoteOpened", '{"case_id": 1, "proposal_id": 5}', None, "0xt3"),
        ("ProposalExtended", '{"proposal_id": 5}', None, "0xt1"),
        ("Transfer", f'{{"token_id": 1, "from": "{_NOBODY}", "to": "{_ADA}"}}', _ADA, None),
        ("Transfer", f'{{"token_id": 1, "from": "{_ADA}", "to": "0xb"}}', _ADA, None),
        ("Transfer", f'{{"value": 1, "from": "{_ADA}", "to": "0xb"}}', None, None),
        ("VersionActivated", '{"from": 1700000000}', None, None),
        ("Attested", f'{{"monitor": "{_ADA}"}}', _ADA, None),
    ],
)
def test_upgrade__events_of_before__know_whom_and_which_proposal_they_name(
    empty_store_url: str, name: str, args: str, account: str | None, proposal: str | None
) -> None:
    put_event(empty_store_url, name, args)
    with open_store(empty_store_url) as store, store.session(readonly=True) as session:
        (event,) = queries.events_since(session, 0)
        assert (event.account, event.proposal) == (account, proposal)


@pytest.mark.parametrize(
    ("args", "case_id", "frame"),
    [
        ('{"model_id": 1, "frame": 0, "case_id": 7}', 7, 0),
        ('{"model_id": 1, "frame": 12, "case_id": 0}', None, 12),  # 0 stands for none
        ('{"case_id": 3, "proposal_id": 5}', 3, None),
        ('{"proposal_id": 5}', None, None),
    ],
)
def test_upgrade__events_of_before__know_case_and_frame(
    empty_store_url: str, args: str, case_id: int | None, frame: int | None
) -> None:
    put_event(empty_store_url, "ReportJudged", args)
    with open_store(empty_store_url) as store, store.session(readonly=True) as session:
        (event,) = queries.events_since(session, 0)
        assert (event.case_id, event.frame) == (case_id, frame)
        assert about(event.args)["case_id"] == case_id
        assert about(event.args)["frame"] == frame


def put_event(url: str, name: str, args: str) -> None:
    """Put an event into a store of the release before events said what they are about."""
    at_revision(url, "0004")
    engine = make_engine(url)
    with engine.begin() as connection:
        columns = {c["name"]: str(c["type"]) for c in inspect(connection).get_columns("chain_event")}
        row = {column: _value(column, kind) for column, kind in columns.items()}
        row |= {"name": name, "args": args, "data": f"{_WORD}{'00' * 32}"}
        row |= {"topics": '["0xt0", "0xt1", "0xt2", "0xt3"]'}
        marks = ", ".join(f":{column}" for column in row)
        connection.execute(text(f"INSERT INTO chain_event ({', '.join(row)}) VALUES ({marks})"), row)  # noqa: S608
    engine.dispose()
