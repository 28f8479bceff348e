"""Gas of the same statements with the Ethereum Attestation Service, the contracts that its package carries.

EAS stores what is attested and judges nothing: no policy, no quorum, no check of the log. The package is
fetched by npm once and kept in `build/peers`; another content than the pinned one is refused.
"""

from __future__ import annotations

import base64
import hashlib
import json
import subprocess
import tarfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from eth_abi.abi import encode
from eth_account.signers.local import LocalAccount
from eth_utils.crypto import keccak

from bench.costs.scene import Scene
from bench.costs.tribune import VALUES

_PACKAGE = "@ethereum-attestation-service/eas-contracts@1.9.0"
_FILE = "ethereum-attestation-service-eas-contracts-1.9.0.tgz"
_SHA512 = "L60y1fgKlY3a45xxnPlgRbiGQY8RF/lF+AzF1iVoR7/aEzitS0Nuyyjq8+IXs1sSSU0dl2+yGSmELxVeB6FelA=="
_FOLDER = Path(__file__).resolve().parents[2] / "build" / "peers"
_NOBODY = "0x" + "00" * 20
_REPORT = "uint256,uint32,uint64,bytes32,bytes32,bytes32,int64[]"
_REPORT_SCHEMA = (
    "uint256 modelId,uint32 version,uint64 frame,bytes32 policy,bytes32 manifest,bytes32 evidence,"
    "int64[] values"
)
_ANCHOR = "uint256,uint32,uint64,bytes32,bytes32,uint64"
_ANCHOR_SCHEMA = "uint256 modelId,uint32 version,uint64 frame,bytes32 manifest,bytes32 root,uint64 rows"
_ATTEST_TYPE = (
    ("attester", "address"),
    ("schema", "bytes32"),
    ("recipient", "address"),
    ("expirationTime", "uint64"),
    ("revocable", "bool"),
    ("refUID", "bytes32"),
    ("data", "bytes"),
    ("value", "uint256"),
    ("nonce", "uint256"),
    ("deadline", "uint64"),
)


@dataclass
class Eas:
    """EAS and its schema registry on the scene's chain."""

    scene: Scene
    service: Any
    report_schema: bytes
    anchor_schema: bytes

    def attest_report(self, monitor: LocalAccount, frame: int, values: list[int]) -> int:
        """Gas of one delegated attestation of a report: a monitor signs, anyone sends."""
        digests = [keccak(text=f"{kind} {frame}") for kind in ("policy", "manifest", "evidence")]
        content = encode(_REPORT.split(","), [1, 1, frame, *digests, values])
        nonce = self.service.functions.getNonce(monitor.address).call()
        request = (_NOBODY, 0, False, bytes(32), content, 0)
        message = {"attester": monitor.address, "schema": self.report_schema, "nonce": nonce, "deadline": 0}
        names = ("recipient", "expirationTime", "revocable", "refUID", "data", "value")
        message |= dict(zip(names, request, strict=True))
        signed = monitor.sign_typed_data(full_message=self._typed(message))
        signature = (signed.v, signed.r.to_bytes(32, "big"), signed.s.to_bytes(32, "big"))
        delegated = (self.report_schema, request, signature, monitor.address, 0)
        return self.scene.gas(self.service.functions.attestByDelegation(delegated))

    def attest_anchor(self, frame: int, rows: int) -> int:
        """Gas of an attestation of a frame's manifest by its steward."""
        digests = [keccak(text=f"{kind} {frame}") for kind in ("manifest", "root")]
        content = encode(_ANCHOR.split(","), [1, 1, frame, *digests, rows])
        request = (self.anchor_schema, (_NOBODY, 0, False, bytes(32), content, 0))
        return self.scene.gas(self.service.functions.attest(request), self.scene.chain.steward)

    def _typed(self, message: dict[str, Any]) -> dict[str, Any]:
        fields = ("name", "version", "chainId", "verifyingContract")
        kinds = ("string", "string", "uint256", "address")
        chain_id = self.scene.chain.web3.eth.chain_id
        domain = dict(zip(fields, ("EAS", "1.4.0", chain_id, self.service.address), strict=True))
        return {
            "types": {
                "EIP712Domain": [{"name": n, "type": t} for n, t in zip(fields, kinds, strict=True)],
                "Attest": [{"name": name, "type": kind} for name, kind in _ATTEST_TYPE],
            },
            "primaryType": "Attest",
            "domain": domain,
            "message": message,
        }


def attestations(scene: Scene, rows: int) -> dict[str, int]:
    """Gas of attesting, with each attester's nonce written before: three reports, one, and an anchor."""
    eas = _deploy(scene)
    monitors = scene.monitors[:3]
    ten, twenty = list(VALUES), list(VALUES) * 2
    for monitor in monitors:
        eas.attest_report(monitor, 1, ten)
    three = sum(eas.attest_report(monitor, 2, ten) for monitor in monitors)
    longer = sum(eas.attest_report(monitor, 3, twenty) for monitor in monitors)
    return {
        "three delegated attestations, 10 metrics": three,
        "one delegated attestation, 10 metrics": round(three / 3),
        "each further metric in three attestations": round((longer - three) / 10),
        "attestation of a manifest": eas.attest_anchor(4, rows),
    }


def _deploy(scene: Scene) -> Eas:
    package = _fetch()
    registry = _create(scene, package, "SchemaRegistry")
    service = _create(scene, package, "EAS", registry.address)
    schemas = []
    for schema in (_REPORT_SCHEMA, _ANCHOR_SCHEMA):
        call = registry.functions.register(schema, _NOBODY, False)
        schemas.append(bytes(call.call()))
        scene.chain.send(call)
    return Eas(scene, service, *schemas)


def _create(scene: Scene, package: Path, name: str, *arguments: Any) -> Any:
    with tarfile.open(package) as archive:
        content = archive.extractfile(f"package/artifacts/contracts/{name}.sol/{name}.json")
        if content is None:
            raise RuntimeError(f"{package} has no artifact of {name}")
        artifact = json.load(content)
    return scene.create(artifact["abi"], artifact["bytecode"], *arguments)


def _fetch() -> Path:
    package = _FOLDER / _FILE
    if not package.exists():
        _FOLDER.mkdir(parents=True, exist_ok=True)
        command = ["npm", "pack", "--silent", "--pack-destination", str(_FOLDER), _PACKAGE]
        subprocess.run(command, check=True, timeout=120, stdout=subprocess.DEVNULL)
    found = base64.b64encode(hashlib.sha512(package.read_bytes()).digest()).decode()
    if found != _SHA512:
        raise RuntimeError(f"{package} is not {_PACKAGE} as published: delete it and try again")
    return package
