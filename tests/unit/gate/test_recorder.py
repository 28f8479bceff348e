"""A served decision gets a receipt, in the log and in the response."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from pathlib import Path

import httpx
import pytest
from eth_account import Account
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from tribune.decisions.frames.sealing import LogSealer
from tribune.decisions.grid import FrameGrid, GridHistory
from tribune.decisions.leaf import LogSchema, body_digest
from tribune.decisions.log import DecisionLog
from tribune.decisions.proofs.receipt_key import certify, write_certificate, write_receipt_key
from tribune.decisions.proofs.receipts import check_receipt
from tribune.decisions.records import Record
from tribune.decisions.typed import LogContract, address_of
from tribune.decisions.waiting.wal import read_segment
from tribune.exceptions import ConfigurationError, DataError
from tribune.gate.middleware import ModelGate
from tribune.gate.recorder import RECEIPT_HEADER, Answer, DecisionRecorder, open_recorder, receipt_headers
from tribune.ids import Address, FrameIndex
from tribune.keys.keystore import keep_secret
from tribune.settings import GateSettings, RecordingSettings, Settings
from unit.gate.chain import ACTIVE, MODEL, VERSION, view_of

GRID = FrameGrid(epoch=0, step=1000, length=1000, grace=0)


def _recorder(root: Path) -> DecisionRecorder:
    log = DecisionLog(root, LogSchema({"AGEP": "numeric"}), GRID, model_id=MODEL, version=VERSION)
    return DecisionRecorder(log, clock=lambda: 1500)


def _records(root: Path) -> list[Record]:
    return [record for path in root.glob("**/*.wal") for record in read_segment(path)[1]]


async def test_record__a_decision__has_the_time_of_the_clock_and_a_fresh_id(tmp_path: Path) -> None:
    recorder = _recorder(tmp_path)
    one, two = [await recorder.record({"AGEP": 40}, "1", 0.5) for _ in range(2)]
    await recorder.close()
    assert (one.time, one.frame) == (1500, FrameIndex(2))
    assert one.id != two.id


async def test_record__wrong_column__is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError):
        await _recorder(tmp_path).record({"AGE": 40}, "1")


async def test_receipt_headers__behind_a_gate__name_what_is_in_the_log(tmp_path: Path) -> None:
    recorder = _recorder(tmp_path)

    async def predict(request: Request) -> JSONResponse:
        receipt = await recorder.record(await request.json(), "1", 0.75, id="case-1")
        return JSONResponse({"prediction": "1"}, headers=receipt_headers(receipt))

    app = Starlette(routes=[Route("/predict", predict, methods=["POST"])])
    gate = ModelGate(app, view_of(ACTIVE), model=MODEL, version=VERSION, max_staleness_s=5)
    transport = httpx.ASGITransport(app=gate)
    async with httpx.AsyncClient(transport=transport, base_url="http://model") as client:
        response = await client.post("/predict", json={"AGEP": 40})
    await recorder.close()
    (record,) = _records(tmp_path)
    body = body_digest(record.salt, record.body).hex()
    assert response.headers[RECEIPT_HEADER] == (
        f'"case-1";time=1500;frame=2;leaf="0x{record.leaf.hex()}";body="0x{body}";signed=?0'
    )


def test_receipt_headers__no_receipt__is_no_header() -> None:
    assert receipt_headers() == {}


async def test_record_many__of_one_request__gives_receipts_in_order(tmp_path: Path) -> None:
    recorder = _recorder(tmp_path)
    receipts = await recorder.record_many([Answer({"AGEP": i}, "1", id=f"case-{i}") for i in range(5)])
    await recorder.close()
    assert [receipt.id for receipt in receipts] == [f"case-{i}" for i in range(5)]
    assert sorted(record.id for record in _records(tmp_path)) == [f"case-{i}" for i in range(5)]


async def test_open_recorder__as_the_settings_have_it__redacts_bounds_and_signs(tmp_path: Path) -> None:
    secret = b"\x22" * 32
    write_receipt_key(tmp_path / "key", secret)
    contract = LogContract(31337, Address("0x5FbDB2315678afecb367f032d93F642f64180aa3"))
    logger = Account.from_key(b"\x11" * 32)
    certificate = certify(logger, contract, MODEL, address_of(secret), int(time.time()) + 60)
    write_certificate(tmp_path / "key.json", certificate)
    keep_secret(tmp_path / "secret", "sixteen bytes of")
    recording = RecordingSettings(
        receipt_key=tmp_path / "key",
        receipt_certificate=tmp_path / "key.json",
        redact={"name": "digest"},
        redact_secret_file=tmp_path / "secret",
        max_body=256,
    )
    gate = GateSettings(model=MODEL, version=VERSION, log=recording)
    recorder = open_recorder(
        Settings(gate=gate, log_folder=tmp_path / "log"), schema=LogSchema({"name": "category"}), grid=GRID
    )
    receipt = await recorder.record({"name": "Ada"}, "1")
    with pytest.raises(DataError, match="256"):
        await recorder.record({"name": "Ada"}, "1" * 300)
    await recorder.close()
    assert check_receipt(receipt) == logger.address
    (record,) = _records(tmp_path / "log")
    digest = hmac.new(b"sixteen bytes of", b"name\0Ada", hashlib.sha256).hexdigest()
    assert json.loads(record.body)["features"] == {"name": digest}


def test_open_recorder__no_model__says_what_to_set(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"\[gate\]"):
        open_recorder(Settings(log_folder=tmp_path), schema=LogSchema({}), grid=GRID)


def _described(root: Path) -> Settings:
    (root / "model.toml").write_text(
        'task = "generic"\n[[columns]]\nname = "AGEP"\nkind = "numeric"\n', encoding="utf-8"
    )
    recording = RecordingSettings(columns=root / "model.toml")
    return Settings(gate=GateSettings(model=MODEL, version=VERSION, log=recording), log_folder=root / "log")


async def test_open_recorder__sealer_has_told_frames__no_chain_is_asked(
    tmp_path: Path,
) -> None:
    settings = _described(tmp_path)
    LogSealer(settings.log_folder, GridHistory.of(FrameGrid(0, 10**15, 10**15, 0)), MODEL, VERSION).follow()
    recorder = open_recorder(settings)
    receipt = await recorder.record({"AGEP": 40}, "1")
    await recorder.close()
    assert receipt.frame == FrameIndex(receipt.time // 10**15 + 1)


def test_open_recorder__nobody_seals__says_who_has_to(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match='seal = \\["1/1"\\]'):
        open_recorder(_described(tmp_path))


def test_open_recorder__no_columns__says_what_to_set(tmp_path: Path) -> None:
    settings = Settings(gate=GateSettings(model=MODEL, version=VERSION), log_folder=tmp_path)
    with pytest.raises(ConfigurationError, match=r"\[gate.log\]"):
        open_recorder(settings, grid=GRID)
