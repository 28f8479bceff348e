"""Debian's nginx on loopback with a given `http` block, in a folder of its own, without root and service."""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

SKIP_REASON = "needs nginx: install Debian's `nginx-light`"
START_LIMIT_S = 10.0
_FRAME = """
daemon off; master_process off; pid {folder}/pid; error_log {folder}/error.log warn;
events {{ worker_connections 512; }}
http {{
access_log off;
client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
{block}
}}
"""


def find_nginx() -> str | None:
    """Return nginx's executable, None where it is not installed."""
    return shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")


@contextmanager
def nginx(folder: Path, block: str, port: int) -> Iterator[None]:
    """Run nginx with this content of its `http` block, which listens on the port."""
    executable = find_nginx()
    assert executable is not None
    config = folder / "nginx.conf"
    config.write_text(_FRAME.format(folder=folder, block=block), encoding="utf-8")
    error_log = folder / "error.log"
    with subprocess.Popen(
        [executable, "-c", str(config), "-p", str(folder), "-e", str(error_log)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        try:
            deadline = time.monotonic() + START_LIMIT_S
            while True:
                with socket.socket() as probe:
                    if probe.connect_ex(("127.0.0.1", port)) == 0:
                        break
                assert process.poll() is None, process.communicate()[0]
                assert time.monotonic() < deadline
                time.sleep(0.02)
            yield
        finally:
            process.terminate()
            process.wait(5)
