"""Files in an object store or on a server: any address that fsspec knows (s3://, gs://, https:// …).

They are copied to this machine first: what is measured is then the same to the last byte, whatever happens
there meanwhile. Credentials are the store's own client's business (its environment variables or files).
"""

from __future__ import annotations

from pathlib import Path, PurePosixPath
from urllib.parse import urlsplit

from tribune.exceptions import ConfigurationError, DataError
from tribune_monitors.sources.files import format_of
from tribune_monitors.sources.spec import checked_address


def fetch_files(data: str, folder: Path) -> list[Path]:
    """Copy the file, folder or glob that an address names into `folder`; return the copies in order.

    Raises:
        ConfigurationError: no installed package knows such addresses.
        DataError: there is nothing, or it cannot be read.
    """
    import fsspec

    title = title_of(checked_address(data))
    try:
        store, path = fsspec.core.url_to_fs(data)
    except (ImportError, ValueError) as fault:
        raise ConfigurationError(
            f"Addresses like {title} cannot be read: {fault}.", mend="Install the package that fsspec names."
        ) from None
    try:
        if any(special in path for special in "*?["):
            names = store.glob(path)
        elif store.isdir(path):
            names = store.find(path)
        else:
            names = [path]
        wanted = sorted(name for name in names if _is_data(name, path) or names == [path])
        copies = []
        for place, name in enumerate(wanted):
            copy = folder / f"{place:05}-{PurePosixPath(name).name}"
            store.get_file(name, str(copy))
            copies.append(copy)
    except Exception as fault:  # stores raise what they like
        raise DataError(
            f"{title} cannot be read: {type(fault).__name__}.",
            mend="Check the address and your access to it.",
        ) from fault
    if not copies:
        raise DataError(
            f"{title} holds no Parquet, CSV or JSON file.", mend="Give the folder of the partitions."
        )
    return copies


def title_of(data: str) -> str:
    """Return an address as it may be shown: without user and parameters."""
    parts = urlsplit(data)
    host = parts.netloc.rpartition("@")[2]
    return f"{parts.scheme}://{host}{parts.path}"


def _is_data(name: str, top: str) -> bool:
    inner = PurePosixPath(name.removeprefix(top.rstrip("/")))
    return bool(format_of(inner.name)) and not any(part.startswith(("_", ".")) for part in inner.parts)
