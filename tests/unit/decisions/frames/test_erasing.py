"""Erasure: what stays provable, what nobody can read any more, what is refused, and what a kill leaves."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as parquet
import pytest

from tribune.decisions.anchor import frame_folder, read_manifest, verify_partitions
from tribune.decisions.erasures import NAME, read_erasures
from tribune.decisions.frames.erasing import erase, erase_late, holds_bodies
from tribune.decisions.frames.partitions import body_of, schema_of
from tribune.decisions.leaf import Decision, body_digest, decision_leaf
from tribune.decisions.log import DecisionLog
from tribune.decisions.merkle import MerkleTree, verify_proof
from tribune.decisions.waiting.wal import read_segment
from tribune.exceptions import DataError, EvidenceError, LogUnavailableError
from tribune.ids import Digest, FrameIndex
from unit.decisions.killed import kill_at_each_step
from unit.decisions.rows import GRID, LATE, MODEL, SCHEMA, VERSION, decision, sealer, write

ONE = FrameIndex(1)
NAMES = ("a", "b", "c", "d", "e")
WHY: dict[str, Any] = {"reason": "asked for", "needed_until": 0, "now": 86_400_000_000}
STEPS = 14


def begin(root: Path) -> Callable[[], object]:
    """Return the erasing that `kill_at_each_step` kills."""
    folder = sealer(root).folder
    return lambda: erase(folder, ONE, ["b"], **WHY)


def _sealed(root: Path) -> Path:
    write(root, *(decision(name, 100 + i) for i, name in enumerate(NAMES)))
    sealer(root).seal(ONE, now=LATE)
    return sealer(root).folder


def _table(folder: Path) -> pa.Table:
    return parquet.read_table(folder / "frames/1/part-0000.parquet")


def _row(folder: Path, name: str) -> dict[str, Any]:
    return next(row for row in _table(folder).to_pylist() if row["id"] == name)


def test_erase__one_of_five__blanks_its_body_and_nothing_else(tmp_path: Path) -> None:
    folder = _sealed(tmp_path)
    before = {name: _row(folder, name) for name in NAMES}
    assert erase(folder, ONE, ["b"], **WHY) == 1
    for name in NAMES:
        row = _row(folder, name)
        digest = row.pop("body_digest")
        if name == "b":
            assert {key for key, value in row.items() if value is not None} == {"id", "time", "leaf"}
            assert decision_leaf(MODEL, VERSION, "b", row["time"], digest) == before["b"]["leaf"]
        else:
            assert (digest, row) == (None, before[name])


def test_erase__one_of_five__leaves_every_proof_as_it_was(tmp_path: Path) -> None:
    folder = _sealed(tmp_path)
    manifest = read_manifest(folder, ONE)
    erase(folder, ONE, ["b"], **WHY)
    assert read_manifest(folder, ONE) == manifest
    leaves = _table(folder).column("leaf").to_pylist()
    tree = MerkleTree(leaves)
    assert tree.root == manifest.merkle_root
    assert all(verify_proof(manifest.merkle_root, leaf, tree.proof(i)) for i, leaf in enumerate(leaves))


def test_erase__the_body__is_nowhere_in_the_file(tmp_path: Path) -> None:
    write(tmp_path, decision("a", 1, SEX="a very personal text"), decision("b", 2))
    sealer(tmp_path).seal(ONE, now=LATE)
    folder = sealer(tmp_path).folder
    erase(folder, ONE, ["a"], **WHY)
    kept = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert b"personal" not in kept


def test_erase__what_was_changed__is_on_record_and_said_by_whoever_reads_the_frame(tmp_path: Path) -> None:
    folder = _sealed(tmp_path)
    manifest = read_manifest(folder, ONE)
    erase(folder, ONE, ["b", "d"], **WHY)
    (act,) = read_erasures(frame_folder(folder, ONE)).acts
    assert (act.ids, act.rows, act.reason, act.at) == (("b", "d"), 2, "asked for", WHY["now"])
    with pytest.raises(EvidenceError, match=r"erased .* since 1970-01-02, so reports .* no longer"):
        verify_partitions(folder, manifest)


def test_erase__then_changed_by_hand__is_damage_all_the_same(tmp_path: Path) -> None:
    folder = _sealed(tmp_path)
    erase(folder, ONE, ["b"], **WHY)
    path = folder / "frames/1/part-0000.parquet"
    parquet.write_table(_table(folder).slice(0, 4), path)
    with pytest.raises(EvidenceError, match="was changed"):
        verify_partitions(folder, read_manifest(folder, ONE))
    with pytest.raises(EvidenceError, match="was changed"):
        erase(folder, ONE, ["c"], **WHY)


def test_erase__again__erases_only_what_is_left(tmp_path: Path) -> None:
    folder = _sealed(tmp_path)
    assert erase(folder, ONE, ["b"], **WHY) == 1
    assert erase(folder, ONE, ["b"], **WHY) == 0
    assert erase(folder, ONE, None, **WHY) == 4
    acts = read_erasures(frame_folder(folder, ONE)).acts
    assert [act.ids for act in acts] == [("b",), None]
    assert _table(folder).column("salt").null_count == 5
    assert _table(folder).column("body_digest").null_count == 0


def test_erase__while_the_frame_is_needed__is_refused(tmp_path: Path) -> None:
    folder = _sealed(tmp_path)
    before = _table(folder)
    with pytest.raises(DataError, match="looked back on"):
        erase(folder, ONE, ["b"], reason="", needed_until=1001, now=1000)
    assert _table(folder) == before
    assert erase(folder, ONE, ["b"], reason="", needed_until=1001, now=1001) == 1


def test_erase__nobody_of_that_id__says_so(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="none of these"):
        erase(_sealed(tmp_path), ONE, ["x"], **WHY)


def test_erase__frame_not_sealed__is_refused(tmp_path: Path) -> None:
    with pytest.raises(EvidenceError, match="not sealed"):
        erase(sealer(tmp_path).folder, ONE, ["a"], **WHY)


def test_erase__a_row_that_is_not_its_leafs__is_refused(tmp_path: Path) -> None:
    folder = _sealed(tmp_path)
    path = folder / "frames/1/part-0000.parquet"
    table = _table(folder)
    forged = table.set_column(table.column_names.index("SEX"), "SEX", pa.array(["9"] * 5))
    parquet.write_table(forged, path)
    manifest = json.loads((folder / "frames/1/manifest.json").read_bytes())
    manifest["partitions"][0]["sha256"] = hashlib.sha256(path.read_bytes()).hexdigest()
    (folder / "frames/1/manifest.json").write_text(
        json.dumps(manifest, sort_keys=True, separators=(",", ":"))
    )
    with pytest.raises(EvidenceError, match="does not have its leaf"):
        erase(folder, ONE, ["b"], **WHY)


def test_body_of__a_sealed_row_with_an_input__is_the_body_byte_for_byte(tmp_path: Path) -> None:
    log = DecisionLog(tmp_path, SCHEMA, GRID, model_id=MODEL, version=VERSION)
    given = Decision("a", 1, {"AGEP": 0.1, "SEX": None}, "1", None, b"\xff\x00 no text")
    receipt = log.accept(given).result(5)
    log.accept(decision("b", 2)).result(5)
    log.close()
    sealer(tmp_path).seal(ONE, now=LATE)
    table = _table(sealer(tmp_path).folder)
    schema = schema_of(table.schema)
    assert schema == SCHEMA
    for row in table.to_pylist():
        body = body_of(schema, row)
        assert body is not None
        digest = body_digest(row["salt"], body)
        assert row["leaf"] == decision_leaf(MODEL, VERSION, row["id"], row["time"], digest)
    assert receipt.leaf == table.column("leaf").to_pylist()[0]
    assert table.column("input_digest").null_count == 1


def test_erase__killed_anywhere__run_again_is_as_if_it_never_was(tmp_path: Path) -> None:
    folders = [_sealed(tmp_path / str(step)) for step in range(STEPS)]
    roots = [read_manifest(each, ONE).merkle_root for each in folders]
    kill_at_each_step(__name__, tmp_path, STEPS)
    done = [_row(folder, "b")["salt"] is None for folder in folders]
    assert set(done) == {True, False}  # else no kill hit it, or all did
    for folder, merkle_root in zip(folders, roots, strict=True):
        erase(folder, ONE, ["b"], **WHY)
        assert _row(folder, "b")["salt"] is None
        assert [act.ids for act in read_erasures(frame_folder(folder, ONE)).acts] == [("b",)]
        assert MerkleTree(_table(folder).column("leaf").to_pylist()).root == merkle_root
        assert erase(folder, ONE, ["c"], **WHY) == 1


def test_read_erasures__damaged__is_an_error_that_names_it(tmp_path: Path) -> None:
    (tmp_path / NAME).write_text("{}")
    with pytest.raises(EvidenceError, match="erasures"):
        read_erasures(tmp_path)


def test_erase_late__one_of_two__is_gone_and_the_other_stays(tmp_path: Path) -> None:
    sealer(tmp_path).seal(ONE, now=LATE)
    write(tmp_path, decision("a", 1), decision("b", 2))
    folder = sealer(tmp_path).folder
    assert erase_late(folder, ["a", "x"]) == 1
    (path,) = (folder / "wal" / "late").glob("*.wal")
    assert [record.id for record in read_segment(path)[1]] == ["b"]
    assert erase_late(folder, ["a"]) == 0


def test_erase_late__by_age__keeps_the_young(tmp_path: Path) -> None:
    sealer(tmp_path).seal(ONE, now=LATE)
    write(tmp_path, decision("old", 1), decision("young", 500))
    write(tmp_path, decision("older", 0))
    folder = sealer(tmp_path).folder
    assert erase_late(folder, None, before=500) == 2
    kept = [r.id for p in (folder / "wal" / "late").glob("*.wal") for r in read_segment(p)[1]]
    assert kept == ["young"]


def test_erase_late__file_that_a_server_has_open__is_refused(tmp_path: Path) -> None:
    sealer(tmp_path).seal(ONE, now=LATE)
    log = DecisionLog(tmp_path, SCHEMA, GRID, model_id=MODEL, version=VERSION)
    log.accept(decision("a", 1)).result(5)
    with pytest.raises(LogUnavailableError, match="still writes"):
        erase_late(log.folder, ["a"])
    log.close()
    assert erase_late(log.folder, ["a"]) == 1


def test_erase_late__file_that_a_server_has_open__holds_no_other_back(tmp_path: Path) -> None:
    sealer(tmp_path).seal(ONE, now=LATE)
    folder = sealer(tmp_path).folder
    logs = [DecisionLog(tmp_path, SCHEMA, GRID, model_id=MODEL, version=VERSION) for _ in range(3)]
    for i, log in enumerate(logs):
        log.accept(decision(f"a{i}", 1)).result(5)
    names = sorted((folder / "wal" / "late").glob("*.wal"))
    first = next(log for i, log in enumerate(logs) if _late(folder)[names[0].name] == [f"a{i}"])
    for log in logs:
        if log is not first:
            log.close()
    with pytest.raises(LogUnavailableError, match="still writes"):
        erase_late(folder, None)
    assert list(_late(folder)) == [names[0].name]
    first.close()


def test_erase_late__server_writes_on_while_it_is_looked_through__loses_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server adds a decision after the file was read first, and closes it before it is locked."""
    sealer(tmp_path).seal(ONE, now=LATE)
    log = DecisionLog(tmp_path, SCHEMA, GRID, model_id=MODEL, version=VERSION)
    log.accept(decision("old", 1)).result(5)

    still_to_come = [decision("young", 500)]

    def read_then_write(path: Path) -> Any:
        read = read_segment(path)
        if still_to_come:
            log.accept(still_to_come.pop()).result(5)
            log.close()
        return read

    monkeypatch.setattr("tribune.decisions.frames.erasing.read_segment", read_then_write)
    assert erase_late(log.folder, None, before=100) == 1
    assert list(_late(log.folder).values()) == [["young"]]


def test_erase_late__killed_before_its_file_is_in_place__leaves_no_body_behind_in_the_end(
    tmp_path: Path,
) -> None:
    sealer(tmp_path).seal(ONE, now=LATE)
    write(tmp_path, decision("a", 1), decision("b", 2, SEX="a very personal text"))
    folder = sealer(tmp_path).folder
    killed = (
        "import os, sys; from pathlib import Path; from tribune.decisions.frames.erasing import erase_late\n"
        "sys.addaudithook(lambda event, _: event == 'os.rename' and os._exit(9))\n"
        "erase_late(Path(sys.argv[1]), ['a'])"
    )
    command = [sys.executable, "-c", killed, str(folder)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    assert subprocess.run(command, env=environment, timeout=120, check=False).returncode == 9
    assert list(_late(folder).values()) == [["a", "b"]]
    assert erase_late(folder, None) == 2
    kept = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert b"personal" not in kept


def _late(folder: Path) -> dict[str, list[str]]:
    """Return the ids in each file of what came too late."""
    files = sorted((folder / "wal" / "late").glob("*.wal"))
    return {path.name: [record.id for record in read_segment(path)[1]] for path in files}


def test_holds_bodies__until_the_last_is_erased__is_true(tmp_path: Path) -> None:
    folder = _sealed(tmp_path)
    manifest = read_manifest(folder, ONE)
    assert holds_bodies(folder, manifest)
    erase(folder, ONE, ["a", "b", "c", "d"], **WHY)
    assert holds_bodies(folder, manifest)
    erase(folder, ONE, None, **WHY)
    assert not holds_bodies(folder, manifest)
    (folder / "frames/1/part-0000.parquet").write_bytes(b"")
    assert holds_bodies(folder, manifest)


def test_digest__of_an_erased_row__opens_its_leaf_without_the_body(tmp_path: Path) -> None:
    folder = _sealed(tmp_path)
    erase(folder, ONE, None, **WHY)
    for row in _table(folder).to_pylist():
        digest = Digest(row["body_digest"])
        assert decision_leaf(MODEL, VERSION, row["id"], row["time"], digest) == row["leaf"]
