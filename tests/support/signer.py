"""A signer as its own process: it alone holds the key, and signs what comes over a socket of this machine.

`python -P signer.py SOCKET BEHAVIOUR` with the key on standard input. Whoever asks gets no key. Its
behaviours other than `honest` are what a signer can do wrong.
"""

from __future__ import annotations

import contextlib
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

N = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
START_LIMIT_S = 20.0
SLOW_S = 1.5


class SocketSigner:
    """The client: a `tribune.keys.DigestSigner`."""

    def __init__(self, path: str) -> None:
        self._path = path

    @property
    def address(self) -> str:
        return self._ask(b"address").decode()

    def sign_digest(self, digest: bytes) -> bytes:
        answer = self._ask(digest.hex().encode())
        if answer.startswith(b"no"):
            raise PermissionError(answer.decode())
        return bytes.fromhex(answer.decode())

    def _ask(self, question: bytes) -> bytes:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(10)
            connection.connect(self._path)
            connection.sendall(question + b"\n")
            with connection.makefile("rb") as stream:
                return stream.readline().strip()


def connect(*, path: str) -> SocketSigner:
    """Make a client: what `keys.<role>.signer` names."""
    return SocketSigner(path)


@contextmanager
def signer_process(folder: Path, key: str, behaviour: str = "honest") -> Iterator[str]:
    """Run a signer; give the path of its socket."""
    path = folder / "signer"
    with subprocess.Popen(
        [sys.executable, "-P", __file__, str(path), behaviour], stdin=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdin is not None
            process.stdin.write(key + "\n")
            process.stdin.close()
            limit = time.monotonic() + START_LIMIT_S
            while not path.exists():
                if process.poll() is not None or time.monotonic() > limit:
                    raise RuntimeError("the signer did not start")
                time.sleep(0.02)
            yield str(path)
        finally:
            process.terminate()


def serve(path: str, behaviour: str, key: bytes) -> None:
    """Answer one question a connection, for ever."""
    from eth_keys.datatypes import PrivateKey

    own = PrivateKey(key)
    signing = PrivateKey(bytes(31) + b"\x07") if behaviour == "another key" else own
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(path + ".new")
        server.listen()
        Path(path + ".new").rename(path)  # whoever sees it can connect
        while True:
            connection, _ = server.accept()
            with connection, connection.makefile("rwb") as stream, contextlib.suppress(OSError):
                question = stream.readline().strip()
                if question == b"address":
                    answer = own.public_key.to_checksum_address().encode()
                else:
                    answer = _sign(bytes.fromhex(question.decode()), signing, behaviour)
                stream.write(answer + b"\n")


def _sign(digest: bytes, key: object, behaviour: str) -> bytes:
    from eth_keys.datatypes import PrivateKey
    from eth_utils.crypto import keccak

    assert isinstance(key, PrivateKey)
    if behaviour == "slow":
        time.sleep(SLOW_S)
    if behaviour == "refuses":
        return f"no, not with {key.to_hex()}".encode()
    if behaviour == "zeros":
        return bytes(65).hex().encode()
    signature = key.sign_msg_hash(keccak(digest) if behaviour == "hashes again" else digest)
    r, s, v = signature.r, signature.s, signature.v
    if behaviour == "high s":
        s, v = N - s, 1 - v
    if behaviour == "no v":
        v = 0
    found = r.to_bytes(32, "big") + s.to_bytes(32, "big") + bytes([v])
    shown: str = (found[:64] if behaviour == "short" else found).hex()
    return shown.encode()


if __name__ == "__main__":
    serve(sys.argv[1], sys.argv[2], bytes.fromhex(sys.stdin.readline().strip().removeprefix("0x")))
