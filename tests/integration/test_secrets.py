"""That no credential of an address is said when what it leads to fails: real commands, real faults."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from support.processes import environment, free_port

TOKEN = "tk9f2c17e0b35a4d88"
PASSWORD = "hunter2-Hunter2"
KEY = "0x" + "5b" * 32


class _Refuses(BaseHTTPRequestHandler):
    """A provider that refuses every request and repeats its address in what it says."""

    def _answer(self) -> None:
        body = f"bad key in {self.path}".encode()
        self.send_response(401, f"Unauthorized {self.path}")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = do_HEAD = do_PUT = _answer

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def provider() -> Iterator[str]:
    """Yield host and port of a provider."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Refuses)
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()


def said(folder: Path, *command: str, **given: str) -> str:
    """Run a command that must fail; return all that it said."""
    record = {"chain_id": 31337, "block": 0, "addresses": {}}
    (folder / "deployments").mkdir()
    (folder / "deployments" / "31337.json").write_text(json.dumps(record))
    common = {"TRIBUNE_KEYS__MONITOR__ENV": "MY_KEY", "MY_KEY": KEY, "TRIBUNE_CHAIN__TIMEOUT_S": "2"}
    ran = subprocess.run(
        [sys.executable, "-m", "tribune.cli", *command],
        cwd=folder, env=environment(**common, **given), capture_output=True, text=True, timeout=100,
    )  # fmt: skip
    assert ran.returncode != 0
    text = ran.stdout + ran.stderr
    assert text.strip()
    for secret in (TOKEN, PASSWORD, KEY[2:]):
        assert secret not in text
    return text


def test_monitor_run__store_refuses_the_password__it_is_not_said(tmp_path: Path) -> None:
    url = f"postgresql://tribune:{PASSWORD}@127.0.0.1:{free_port()}/tribune"
    assert "store" in said(tmp_path, "monitor", "run", TRIBUNE_STORE_URL=url)


def test_monitor_run__store_address_that_cannot_be__it_is_not_said(tmp_path: Path) -> None:
    url = f"postgresql://tribune:{PASSWORD}@127.0.0.1:{PASSWORD}/tribune"
    assert "store" in said(tmp_path, "monitor", "run", TRIBUNE_STORE_URL=url)


@pytest.mark.parametrize("path", [f"/rpc/{TOKEN}", f"/?apikey={TOKEN}", f"/v2/{TOKEN}/x"])
def test_monitor_run__node_refuses_its_token__it_is_not_said(tmp_path: Path, path: str) -> None:
    with provider() as host:
        url = f"http://me:{PASSWORD}@{host}{path}"
        assert host in said(tmp_path, "monitor", "run", TRIBUNE_CHAIN__HTTP_URL=url)


def test_monitor_run__evidence_store_refuses__its_key_is_not_said(tmp_path: Path) -> None:
    with provider() as host:
        urls = json.dumps([f"http://me:{PASSWORD}@{host}/store/{TOKEN}?sig={TOKEN}"])
        assert "vidence" in said(tmp_path, "monitor", "run", TRIBUNE_EVIDENCE_URLS=urls)


def test_doctor__everything_refuses__nothing_is_said_of_how_it_was_reached(tmp_path: Path) -> None:
    with provider() as host:
        said(
            tmp_path,
            "doctor",
            TRIBUNE_STORE_URL=f"postgresql://tribune:{PASSWORD}@127.0.0.1:{free_port()}/tribune",
            TRIBUNE_CHAIN__HTTP_URL=f"http://{host}/rpc/{TOKEN}",
            TRIBUNE_CHAIN__FALLBACK_URLS=json.dumps([f"http://{host}/?key={TOKEN}"]),
            TRIBUNE_EVIDENCE_URLS=json.dumps([f"http://me:{PASSWORD}@{host}/store/{TOKEN}"]),
            TRIBUNE_EVIDENCE_READ_URLS=json.dumps([f"http://{host}/ipfs/{TOKEN}"]),
        )


def test_verify_report__evidence_store_refuses__its_key_is_not_said(tmp_path: Path) -> None:
    cid = "bafkreifhiz4wgq7udj4xqgtmpp56hr3g3svqplmcbwq5p6wqonee2flv2i"
    with provider() as host:
        urls = json.dumps([f"http://me:{PASSWORD}@{host}/store/{TOKEN}"])
        said(tmp_path, "verify", "report", cid, TRIBUNE_EVIDENCE_URLS=urls, TRIBUNE_EVIDENCE_READ_URLS="[]")
