"""A real S3-compatible server on loopback for tests, as its own process, with one empty bucket."""

from __future__ import annotations

import http.client
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

START_LIMIT_S = 30.0
BUCKET = "evidence"
SECRET = "a-secret-that-only-tests-know"


@contextmanager
def s3_server() -> Iterator[Mapping[str, str]]:
    """Run the server; give the environment variables by which an SDK finds it."""
    with subprocess.Popen(
        [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", "0"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "NO_COLOR": "1"},
    ) as process:
        try:
            assert process.stderr is not None
            found = next(
                filter(None, (re.search(r"http://([\d.:]+)", line) for line in process.stderr)), None
            )
            if found is None:
                raise RuntimeError("the S3 server did not start")
            connection = http.client.HTTPConnection(found[1], timeout=START_LIMIT_S)
            connection.request("PUT", f"/{BUCKET}")
            if connection.getresponse().status != 200:
                raise RuntimeError("the S3 server makes no bucket")
            connection.close()
            yield {
                "AWS_ENDPOINT_URL": found[0],
                "AWS_ACCESS_KEY_ID": "tests",
                "AWS_SECRET_ACCESS_KEY": SECRET,
                "AWS_DEFAULT_REGION": "us-east-1",
                "AWS_MAX_ATTEMPTS": "1",
            }
        finally:
            process.terminate()
