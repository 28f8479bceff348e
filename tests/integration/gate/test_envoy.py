"""The sidecar against what Envoy documents of `ext_authz` over HTTP; Envoy itself is not run.

`_Envoy` is that documentation as code: the request keeps its method, its path goes behind `path_prefix`, its
body stays away; 200 lets pass; 5xx and silence are errors of the service, which `failure_mode_allow` and
`status_on_error` decide on; anything else denies, with status, headers and body of the answer, to which the
mappers of local replies are applied. It goes by the configuration in docs/gate-sidecar.md.
"""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass
from typing import Any

import pytest
import yaml

from support.anvil import ROOT
from tribune.ids import VersionNumber
from unit.gate.chain import HandChain
from unit.gate.serving import connected
from unit.gate.sidecars import sidecar

DOC = (ROOT / "docs" / "gate-sidecar.md").read_text("utf-8")
(BLOCK,) = re.findall(r"```yaml\n(.*?)```", DOC, re.DOTALL)
CODES = {"ServiceUnavailable": 503, "Forbidden": 403}
NOT_SENT = {"content-length", "transfer-encoding", "date", "server"}


@dataclass
class _Envoy:
    """What Envoy does with a request, by the document's configuration."""

    sidecar: str

    def __post_init__(self) -> None:
        self.document: dict[str, Any] = yaml.safe_load(BLOCK)
        self.filter = self.document["http_filters"][0]["typed_config"]

    async def asks(self, method: str, path: str) -> tuple[int, dict[str, str], bytes] | None:
        """Return the answer that the client gets, None where the request goes on to the model."""
        service = self.filter["http_service"]
        try:
            async with asyncio.timeout(float(service["server_uri"]["timeout"].removesuffix("s"))):
                async with connected(int(self.sidecar.rpartition(":")[2])) as client:
                    client.send(f"{method} {service['path_prefix']}{path} HTTP/1.1\nContent-Length: 0")
                    status, headers = await client.head()
                    body = await client.reader.readexactly(int(headers.get("content-length", 0)))
        except (OSError, asyncio.IncompleteReadError):
            return self._error()
        if status >= 500:
            return self._error()
        if status == 200:
            return None
        return self._mapped(status, {n: v for n, v in headers.items() if n not in NOT_SENT}, body)

    def _error(self) -> tuple[int, dict[str, str], bytes] | None:
        if self.filter["failure_mode_allow"]:
            return None
        return self._mapped(CODES[self.filter["status_on_error"]["code"]], {}, b"")

    def _mapped(self, status: int, headers: dict[str, str], body: bytes) -> tuple[int, dict[str, str], bytes]:
        (mapper,) = self.document["local_reply_config"]["mappers"]
        assert mapper["filter"]["response_flag_filter"]["flags"] == ["UAEX"]
        form = mapper["body_format_override"]
        assert form["text_format_source"]["inline_string"] == "%LOCAL_REPLY_BODY%"
        return mapper["status_code"], {**headers, "content-type": form["content_type"]}, body


def _chain() -> HandChain:
    chain = HandChain()
    chain.mine(version=VersionNumber(2))  # the document's: model 1, version 2
    return chain


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE", "OPTIONS"])
async def test_envoy__active__goes_on_to_the_model(method: str) -> None:
    async with sidecar(_chain()) as world:
        assert await _Envoy(world.url).asks(method, "/v1/predict?rows=7") is None


async def test_envoy__paused__client_gets_the_503_problem() -> None:
    async with sidecar(_chain()) as world:
        world.chain.mine(state="Paused")
        answer = await _Envoy(world.url).asks("POST", "/v1/predict")
        assert answer is not None
        status, headers, body = answer
        assert (status, headers["content-type"]) == (503, "application/problem+json")
        assert headers["cache-control"] == "no-store"
        assert b'"state": "Paused"' in body
        assert b'"status": 503' in body


@pytest.mark.parametrize(
    "path", ["/../../9/9", "//", "/%2e%2e/1", "/a/../../../../v1/models/1", "/?/v1/auth/1/1"]
)
async def test_envoy__a_path_that_climbs__asks_for_no_other_model(path: str) -> None:
    async with sidecar(_chain()) as world:
        world.chain.mine(state="Paused")
        assert await _Envoy(world.url).asks("GET", path) is not None
        assert set(world.sidecar.views) == {1}


async def test_envoy__sidecar_away__refuses() -> None:
    assert await _Envoy("http://127.0.0.1:1").asks("GET", "/") == (
        503,
        {"content-type": "application/problem+json"},
        b"",
    )


async def test_envoy__stopped_and_told_to_allow_faults__still_refuses() -> None:
    """A 503 of ours would pass here: Envoy takes it for a fault of the service."""
    async with sidecar(_chain()) as world:
        world.chain.mine(state="Paused")
        envoy = _Envoy(world.url)
        envoy.filter["failure_mode_allow"] = True
        assert await envoy.asks("GET", "/") is not None
