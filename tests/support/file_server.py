"""A small web server on loopback that serves bytes, and can be told to lie, to drip or never to end."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

DRIP_S = 0.05


@dataclass
class FileServer:
    """What is served, and what was asked for."""

    url: str = ""
    files: dict[str, bytes] = field(default_factory=dict)
    statuses: dict[str, int] = field(default_factory=dict)
    moved: dict[str, str] = field(default_factory=dict)
    dripping: set[str] = field(default_factory=set)
    """Paths whose bytes come one at a time."""
    endless: set[str] = field(default_factory=set)
    """Paths that send zeros until the reader hangs up."""
    asked: list[str] = field(default_factory=list)
    sent: int = 0
    """Bytes of endless answers."""
    left: int = 0
    """Answers whose reader hung up."""


@contextmanager
def file_server() -> Iterator[FileServer]:
    """Run a server of its own threads; change what it serves at any time."""
    served = FileServer()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            served.asked.append(self.path)
            try:
                _answer(self, served)
            except OSError:
                served.left += 1
                self.close_connection = True

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        served.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield served
        finally:
            server.shutdown()
            thread.join()


def _answer(request: BaseHTTPRequestHandler, served: FileServer) -> None:
    path = request.path
    known = path in served.files or path in served.endless
    status = 302 if path in served.moved else served.statuses.get(path, 200 if known else 404)
    request.send_response(status)
    if path in served.moved:
        request.send_header("Location", served.moved[path])
    if path in served.endless:
        request.end_headers()
        while True:
            served.sent += request.wfile.write(bytes(2**16))
    body = served.files.get(path, b"")
    request.send_header("Content-Length", str(len(body)))
    request.end_headers()
    if path not in served.dripping:
        request.wfile.write(body)
        return
    for byte in body:
        request.wfile.write(bytes([byte]))
        request.wfile.flush()
        time.sleep(DRIP_S)
