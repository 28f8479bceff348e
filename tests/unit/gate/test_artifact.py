"""What is on disk against what is registered."""

from __future__ import annotations

import asyncio
import hashlib
import os
import pickle
import subprocess
import sys
import time
import zipfile
from pathlib import Path
from typing import Any

import httpx
import pytest

from tribune.exceptions import DataError
from tribune.gate.artifact import ArtifactCheck, code_formats
from tribune.gate.middleware import ModelGate
from tribune.gate.status import StatusView
from tribune.reports.dataset import artifact_digest
from unit.gate.chain import ACTIVE, MODEL, VERSION, until, view_of


async def _answers(scope: Any, receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"{}"})


async def _get(gate: ModelGate) -> tuple[int, str]:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=gate), base_url="http://model") as client:
        response = await client.get("/predict")
    return response.status_code, response.json().get("type", "")


def _gate(check: ArtifactCheck, registered: bytes) -> ModelGate:
    view = view_of(ACTIVE)
    view.register(VERSION, registered)
    return ModelGate(_answers, view, model=MODEL, version=VERSION, max_staleness_s=30, artifact=check)


def test_artifact_digest__file__is_its_sha_256(tmp_path: Path) -> None:
    (tmp_path / "model.onnx").write_bytes(b"weights")
    assert artifact_digest(tmp_path / "model.onnx") == hashlib.sha256(b"weights").digest()


def test_artifact_digest__folder__is_the_word_of_tribune_manifest(tmp_path: Path) -> None:
    model = tmp_path / "model"
    (model / "data").mkdir(parents=True)
    (model / "MLmodel").write_text("flavors: {}\n")
    (model / "data" / "model.skops").write_bytes(b"weights")
    run = [sys.executable, "-m", "tribune.cli", "manifest", str(model)]
    said = subprocess.run(run, capture_output=True, text=True, timeout=60, check=True).stdout.strip()
    assert f"0x{artifact_digest(model).hex()}" == said


def test_artifact_digest__nothing_there__data_error(tmp_path: Path) -> None:
    with pytest.raises(DataError):
        artifact_digest(tmp_path / "model")


@pytest.mark.parametrize(
    ("name", "content", "warned"),
    [
        ("model.joblib", b"", True),
        ("model.pkl", b"", True),
        ("MODEL.PT", b"", True),
        ("model.h5", b"", True),
        ("model.keras", b"", True),
        ("innocent.bin", pickle.dumps({"a": 1}), True),
        ("model.safetensors", b"\x10\x00\x00\x00\x00\x00\x00\x00{}", False),
        ("model.onnx", b"\x08\x07", False),
        ("tiny", b"", False),
    ],
)
def test_code_formats__by_name_and_by_how_it_begins(
    tmp_path: Path, name: str, content: bytes, warned: bool
) -> None:
    (tmp_path / name).write_bytes(content)
    assert [one.split(" ")[0] for one in code_formats(tmp_path)] == ([name] if warned else [])


def test_code_formats__as_libraries_write_them__names_those_that_run_code(tmp_path: Path) -> None:
    import joblib
    import skops.io
    from sklearn.tree import DecisionTreeClassifier

    model = DecisionTreeClassifier().fit([[0.0], [1.0]], ["no", "yes"])
    joblib.dump(model, tmp_path / "model.joblib", compress=3)
    joblib.dump(model, tmp_path / "weights.bin")
    skops.io.dump(model, tmp_path / "model.skops")
    assert code_formats(tmp_path) == ("model.joblib (joblib)", "weights.bin (pickle)")


def test_look__parquet_beside_a_server_without_arrow__says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "example.parquet").write_bytes(b"PAR1")
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(DataError, match="pip install pyarrow"):
        artifact_digest(tmp_path)
    check = ArtifactCheck(tmp_path)
    check.look()
    assert check.digest == b""


@pytest.mark.parametrize(("inside", "warned"), [("archive/data.pkl", True), ("schema.json", False)])
def test_code_formats__archive__by_what_is_in_it(tmp_path: Path, inside: str, warned: bool) -> None:
    with zipfile.ZipFile(tmp_path / "pytorch_model.bin", "w") as archive:
        archive.writestr(inside, "x")
    assert bool(code_formats(tmp_path / "pytorch_model.bin")) == warned


async def test_gate__registered_artifact__answers(tmp_path: Path) -> None:
    (tmp_path / "model.onnx").write_bytes(b"weights")
    check = ArtifactCheck(tmp_path / "model.onnx")
    check.look()
    assert (await _get(_gate(check, hashlib.sha256(b"weights").digest())))[0] == 200


async def test_gate__another_artifact__refuses(tmp_path: Path) -> None:
    (tmp_path / "model.onnx").write_bytes(b"other weights")
    check = ArtifactCheck(tmp_path / "model.onnx")
    check.look()
    gate = _gate(check, hashlib.sha256(b"weights").digest())
    assert await _get(gate) == (503, "urn:tribune:problem:wrong-artifact")


@pytest.mark.parametrize("registered", [b"", b"\x01" * 32])
async def test_gate__one_of_the_two_not_known__refuses_and_does_not_say_wrong(
    tmp_path: Path, registered: bytes
) -> None:
    check = ArtifactCheck(tmp_path / "model.onnx")
    if not registered:
        (tmp_path / "model.onnx").write_bytes(b"weights")
    check.look()
    assert await _get(_gate(check, registered)) == (503, "urn:tribune:problem:artifact-unknown")


async def test_gate__artifact_changes_while_it_serves__refuses_by_itself(tmp_path: Path) -> None:
    file = tmp_path / "model.onnx"
    file.write_bytes(b"weights")
    gate = _gate(ArtifactCheck(file, every_s=0.05), hashlib.sha256(b"weights").digest())
    await _get(gate)
    await until(lambda: gate.tally.cause is None)
    file.write_bytes(b"poison!")
    await until(lambda: gate.tally.cause == "wrong-artifact")
    assert (await _get(gate))[0] == 503
    file.write_bytes(b"weights")
    await until(lambda: gate.tally.cause is None)
    await gate._stop()


def test_look__file_changed_with_its_old_times__is_seen(tmp_path: Path) -> None:
    file = tmp_path / "model.onnx"
    file.write_bytes(b"weights")
    check = ArtifactCheck(file)
    check.look()
    state = file.stat()
    file.write_bytes(b"poison!")
    os.utime(file, ns=(state.st_atime_ns, state.st_mtime_ns))
    check.look()
    assert check.digest == hashlib.sha256(b"poison!").digest()


def test_look__nothing_changed__reads_nothing(tmp_path: Path) -> None:
    file = tmp_path / "model.onnx"
    with file.open("wb") as opened:
        opened.truncate(300_000_000)
    check = ArtifactCheck(file)
    check.look()
    began = time.perf_counter()
    check.look()
    assert time.perf_counter() - began < 0.01
    assert check.digest


def test_look__file_taken_away__knows_nothing(tmp_path: Path) -> None:
    file = tmp_path / "model.onnx"
    file.write_bytes(b"weights")
    check = ArtifactCheck(file)
    check.look()
    file.unlink()
    check.look()
    assert check.digest == b""


async def test_run__large_model__leaves_the_loop_to_others(tmp_path: Path) -> None:
    file = tmp_path / "model.onnx"
    with file.open("wb") as opened:
        opened.truncate(200_000_000)
    check = ArtifactCheck(file)
    task = asyncio.create_task(check.run())
    turns = 0
    while not check.digest:
        await asyncio.sleep(0.001)
        turns += 1
    task.cancel()
    assert turns > 10


def test_refusal__wrong_version_too__is_said_first() -> None:
    view = StatusView(MODEL)
    view.update(ACTIVE, asked_at=time.monotonic())
    refusal = view.refusal(VERSION + 1, 30, b"\x01")  # type: ignore[arg-type]
    assert refusal is not None
    assert refusal.cause == "wrong-version"
