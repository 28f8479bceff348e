"""Finding decisions in a sealed log, and what is said of those that are not there."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pyarrow
import pyarrow.parquet as parquet
import pytest

from tribune.decisions.anchor import manifest_digest, read_manifest
from tribune.decisions.grid import FrameGrid
from tribune.decisions.leaf import Decision, new_id
from tribune.decisions.log import DecisionLog
from tribune.decisions.proofs.finding import find_decision
from tribune.decisions.proofs.proof import check_proof, parse_proof
from tribune.decisions.typed import LogContract
from tribune.exceptions import DataError, EvidenceError
from tribune.ids import Address, FrameIndex, ModelId, VersionNumber
from unit.decisions.rows import GRID, LATE, MODEL, SCHEMA, VERSION, decision, sealer, write

CONTRACT = LogContract(31337, Address("0x5FbDB2315678afecb367f032d93F642f64180aa3"))
ONE, TWO, THREE = FrameIndex(1), FrameIndex(2), FrameIndex(3)


def _proven(root: Path, id: str, **where: Any) -> Any:
    proof = parse_proof(find_decision(root, id, **where).proof(CONTRACT).canonical())
    check_proof(proof)
    return proof


def test_find_decision__one_of_several_frames__proves_in_its_own(tmp_path: Path) -> None:
    write(tmp_path, decision("a", 500), decision("b", 1500), decision("c", 1600), decision("d", 2500))
    for frame in (ONE, TWO, THREE):
        sealer(tmp_path).seal(frame, now=LATE)
    for name, frame in (("a", ONE), ("b", TWO), ("c", TWO), ("d", THREE)):
        proof = _proven(tmp_path, name)
        manifest = read_manifest(sealer(tmp_path).folder, frame)
        assert (proof.frame, proof.manifest) == (frame, manifest_digest(manifest))
        assert (proof.root, proof.rows) == (manifest.merkle_root, manifest.rows)


def test_find_decision__frames_that_slide__found_in_the_first_that_has_it(tmp_path: Path) -> None:
    grid = FrameGrid(epoch=5000, step=1000, length=3000, grace=100)
    write(tmp_path, *(decision(f"d{i}", 5000 + 400 * i) for i in range(1, 9)), grid=grid)
    for frame in (ONE, TWO, THREE, FrameIndex(4)):
        sealer(tmp_path, grid).seal(frame, now=LATE)
    for i in range(1, 9):
        assert _proven(tmp_path, f"d{i}").frame == 400 * i // 1000 + 1


@pytest.mark.parametrize(
    "values",
    [
        {"AGEP": None, "SEX": None},
        {"AGEP": float("nan"), "SEX": ""},
        {"AGEP": -0.0, "SEX": '\x00\x1f\x7f"\\/\u2028 é 🜚'},
        {"AGEP": float("inf"), "SEX": "\ufffe"},
        {"AGEP": 5e-324, "SEX": "a\tb\nc"},
    ],
)
def test_find_decision__odd_values__same_body_as_was_bound(tmp_path: Path, values: dict[str, Any]) -> None:
    write(tmp_path, decision("odd", 500, **values), decision("b", 600))
    sealer(tmp_path).seal(ONE, now=LATE)
    assert _proven(tmp_path, "odd").opened is not None


def test_find_decision__with_an_input__its_digest_is_in_the_body(tmp_path: Path) -> None:
    log = DecisionLog(tmp_path, SCHEMA, GRID, model_id=MODEL, version=VERSION)
    given = Decision("a", 500, {"AGEP": 1.0, "SEX": "2"}, "1", None, input=b"a letter")
    log.accept(given)
    log.accept(decision("b", 501))
    log.close()
    sealer(tmp_path).seal(ONE, now=LATE)
    assert len(_proven(tmp_path, "a").opened.content["input"]) == 64
    assert "input" not in _proven(tmp_path, "b").opened.content


def test_find_decision__not_sealed_yet__says_which_frame_it_waits_for(tmp_path: Path) -> None:
    write(tmp_path, decision("a", 2500))
    with pytest.raises(DataError, match="frame 3 is not sealed yet"):
        find_decision(tmp_path, "a")


def test_find_decision__came_late__says_that_nothing_proves_it(tmp_path: Path) -> None:
    sealer(tmp_path).seal(ONE, now=LATE)
    write(tmp_path, decision("a", 500))
    with pytest.raises(DataError, match="too late"):
        find_decision(tmp_path, "a")


def test_find_decision__nowhere__says_so(tmp_path: Path) -> None:
    write(tmp_path, decision("a", 500))
    sealer(tmp_path).seal(ONE, now=LATE)
    with pytest.raises(DataError, match="No sealed frame"):
        find_decision(tmp_path, "b")
    with pytest.raises(DataError, match="Frame 2"):
        find_decision(tmp_path, "a", frame=TWO)


def test_find_decision__id_used_twice__asks_which(tmp_path: Path) -> None:
    write(tmp_path, decision("a", 500), decision("a", 501), decision("b", 1500))
    sealer(tmp_path).seal(ONE, now=LATE)
    with pytest.raises(DataError, match="Several"):
        find_decision(tmp_path, "a")


def test_find_decision__same_id_of_two_versions__the_named_one(tmp_path: Path) -> None:
    write(tmp_path, decision("a", 500))
    sealer(tmp_path).seal(ONE, now=LATE)
    folder = sealer(tmp_path).folder
    shutil.copytree(folder, folder.with_name("3"))
    with pytest.raises(DataError, match="Several"):
        find_decision(tmp_path, "a")
    assert find_decision(tmp_path, "a", model_id=MODEL, version=VERSION).manifest.version == VERSION
    with pytest.raises(DataError, match="No sealed frame"):
        find_decision(tmp_path, "a", model_id=ModelId(7), version=VersionNumber(1))


def test_find_decision__many_frames_of_time_sorted_ids__reads_one_partition(tmp_path: Path) -> None:
    """Other frames' columns are destroyed: what is not read cannot disturb."""
    names = [new_id(1_000_000 * (500 + 1000 * i)) for i in range(20)]
    grid = FrameGrid(epoch=0, step=10**9, length=10**9, grace=0)
    rows = [decision(name, 10**6 * (500 + 1000 * i)) for i, name in enumerate(names)]
    write(tmp_path, *rows, grid=grid)
    for frame in range(1, 21):
        sealer(tmp_path, grid).seal(FrameIndex(frame), now=10**12)
    for path in sealer(tmp_path, grid).folder.glob("frames/*/part-0000.parquet"):
        if path.parent.name != "4":
            data = bytearray(path.read_bytes())
            end = len(data) - 8 - int.from_bytes(data[-8:-4], "little")  # the footer stays
            data[4:end] = bytes(end - 4)
            path.write_bytes(data)
    assert _proven(tmp_path, names[3]).frame == 4


def test_proof__leaves_changed_after_the_seal__refused(tmp_path: Path) -> None:
    write(tmp_path, decision("a", 500), decision("b", 501))
    sealer(tmp_path).seal(ONE, now=LATE)
    path = sealer(tmp_path).folder / "frames/1/part-0000.parquet"
    table = parquet.read_table(path)
    leaves = [bytes(32), table.column("leaf")[1].as_py()]
    place = table.schema.get_field_index("leaf")
    parquet.write_table(table.set_column(place, "leaf", pyarrow.array(leaves, pyarrow.binary())), path)
    with pytest.raises(EvidenceError, match="changed since it was sealed"):
        find_decision(tmp_path, "b").proof(CONTRACT)


def test_proof__row_erased__has_the_digest_and_no_body(tmp_path: Path) -> None:
    write(tmp_path, decision("a", 500), decision("b", 501), decision("c", 502))
    sealer(tmp_path).seal(ONE, now=LATE)
    whole = _proven(tmp_path, "b")
    path = sealer(tmp_path).folder / "frames/1/part-0000.parquet"
    table = parquet.read_table(path)
    for name in ("AGEP", "SEX", "prediction", "score", "salt"):
        column = table.schema.get_field_index(name)
        values = table.column(name).to_pylist()
        kept = pyarrow.array([values[0], None, values[2]], table.schema.field(name).type)
        table = table.set_column(column, name, kept)
    digests = pyarrow.array([None, bytes(whole.body), None], pyarrow.binary())
    parquet.write_table(table.append_column("body_digest", digests), path)
    assert _proven(tmp_path, "b") == whole.hidden()
    assert _proven(tmp_path, "a").opened is not None


def test_find_decision__partition_cut_short__named(tmp_path: Path) -> None:
    write(tmp_path, decision("a", 500))
    sealer(tmp_path).seal(ONE, now=LATE)
    path = sealer(tmp_path).folder / "frames/1/part-0000.parquet"
    path.write_bytes(path.read_bytes()[:-5])
    with pytest.raises(EvidenceError, match="cannot be read"):
        find_decision(tmp_path, "a")
