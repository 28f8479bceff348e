"""Places where evidence is kept: a folder, a bucket or other file system of fsspec, a read-only web address.

Moves bytes and knows nothing of what they mean. A file is whole or not there: a folder gets it by an atomic
rename, an object store by one request. "Not there" is None; any other trouble is raised as the operating
system, the SDK or the web says it, for `evidence_store` to put into words. Refuses names that lead out of the
store, and reads no more than it is asked for.
"""

from __future__ import annotations

import contextlib
import os
import re
import stat
import threading
from pathlib import Path
from typing import Any, Protocol

from tribune.exceptions import EvidenceError

_SEGMENT = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")
_MAX_NAME = 512
_OBJECT_STORES = frozenset({"s3", "s3a", "gs", "gcs", "az", "abfs"})
"""File systems without folders: to make one there would make a bucket."""
_MAX_REDIRECTS = 3
_CHUNK = 2**16


class Place(Protocol):
    """Where files are kept under names; each call blocks."""

    def put(self, name: str, data: bytes) -> None:
        """Keep these bytes under this name, in place of what was there."""

    def get(self, name: str, limit: int) -> bytes | None:
        """Return what is there, cut off after `limit` + 1 bytes; None where nothing is."""


def check_name(name: str) -> str:
    """Return a name that stays within a store: parts of letters, digits, `.`, `_` and `-`, joined by `/`.

    Raises:
        EvidenceError: for any other.
    """
    parts = name.split("/")
    if len(name) > _MAX_NAME or not all(_SEGMENT.fullmatch(part) for part in parts):
        raise EvidenceError(
            f"{name[:80]!r} cannot be the name of a document in an evidence store.",
            mend="A name has parts of letters, digits, '.', '_' and '-', joined by '/'.",
        )
    return name


def open_place(store: str | Path, timeout_s: float) -> Place:
    """Return the place that an address names; nothing is asked of it yet.

    Args:
        store: a folder, `file://…`, `http(s)://…` (read only, `<address>/<name>`; of an IPFS gateway
            `https://gateway/ipfs`), or any other address that fsspec knows, such as `s3://bucket/folder`.
        timeout_s: longest wait for an answer from the web; other places wait as long as they do.
    """
    address = str(store)
    scheme, mark, rest = address.partition("://")
    if not mark:
        return Folder(Path(address))
    if scheme == "file":
        return Folder(Path(rest))
    return Web(address, timeout_s) if scheme in ("http", "https") else Remote(address)


class Folder:
    """A folder of this machine."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put(self, name: str, data: bytes) -> None:
        """Write beside the target, sync, rename: after a crash the file is whole, old, or not there."""
        target = self._folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        self._inside(target)
        temporary = target.with_name(f".{target.name}.{os.getpid()}.{threading.get_ident()}")
        try:
            with temporary.open("wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(target)
        except BaseException:
            with contextlib.suppress(OSError):
                temporary.unlink()
            raise
        _sync(target.parent)

    def get(self, name: str, limit: int) -> bytes | None:
        """Read a regular file; a pipe or device that somebody put there is refused without waiting for it."""
        path = self._folder / name
        try:
            descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        except FileNotFoundError:
            return None
        with os.fdopen(descriptor, "rb") as file:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise OSError(f"{path} is not a file")
            self._inside(path)
            return file.read(limit + 1)

    def _inside(self, path: Path) -> None:
        if not path.parent.resolve().is_relative_to(self._folder.resolve()):
            raise OSError(f"{path.parent} leads out of {self._folder}")


class Remote:
    """What fsspec reaches. Endpoint and credentials come from where the file system's SDK looks for them."""

    def __init__(self, address: str) -> None:
        self._address = address

    def put(self, name: str, data: bytes) -> None:
        """Write in one request; where folders exist they are made first."""
        fs, root = self._open()
        path = f"{root}/{name}"
        if self._address.partition("://")[0] not in _OBJECT_STORES:
            fs.makedirs(path.rpartition("/")[0], exist_ok=True)
        fs.pipe_file(path, data)

    def get(self, name: str, limit: int) -> bytes | None:
        """Ask for the first `limit` + 1 bytes only."""
        fs, root = self._open()
        try:
            return bytes(fs.cat_file(f"{root}/{name}", start=0, end=limit + 1))
        except FileNotFoundError:
            return None

    def _open(self) -> tuple[Any, str]:
        import fsspec

        fs, root = fsspec.core.url_to_fs(self._address)
        return fs, str(root).rstrip("/")


class Web:
    """A web address that is only read: an IPFS gateway, another monitor's or the DAO's web server."""

    def __init__(self, address: str, timeout_s: float) -> None:
        self._address = address.rstrip("/")
        self._timeout_s = timeout_s

    def put(self, name: str, data: bytes) -> None:
        """Refuse: nothing is written through a web address."""
        raise EvidenceError(
            "A web address is an evidence store that is only read.",
            mend="Name it in TRIBUNE_EVIDENCE_READ_URLS, and a folder or bucket in TRIBUNE_EVIDENCE_URLS.",
        )

    def get(self, name: str, limit: int) -> bytes | None:
        """GET `<address>/<name>`; a gateway knows content only, so other names are not there."""
        import asyncio

        if self._address.endswith("/ipfs") and "/" in name:
            return None
        return asyncio.run(self._get(f"{self._address}/{name}", limit))

    async def _get(self, url: str, limit: int) -> bytes | None:
        from aiohttp import ClientSession, ClientTimeout

        async with (
            ClientSession(
                timeout=ClientTimeout(total=self._timeout_s),
                auto_decompress=False,  # a small answer must not grow beyond what was asked for
                headers={"Accept-Encoding": "identity"},
            ) as session,
            session.get(url, max_redirects=_MAX_REDIRECTS) as response,
        ):
            if response.status in (404, 410):
                return None
            if response.status != 200:
                raise OSError(f"the web server answers {response.status}")
            read = bytearray()
            async for chunk in response.content.iter_chunked(_CHUNK):
                read += chunk
                if len(read) > limit:
                    break
            return bytes(read[: limit + 1])


def _sync(folder: Path) -> None:
    """Make the rename itself last through a power cut."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
