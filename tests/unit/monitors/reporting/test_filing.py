"""What is owed to which store, where several monitors keep their notes in one database."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from tribune.exceptions import EvidenceError
from tribune.ids import Address
from tribune.reports.evidence_store import read_evidence, write_evidence
from tribune.store.queries import enqueue, outbox_depth
from tribune.store.session import Store, open_store
from tribune_monitors.reporting import filing as module
from tribune_monitors.reporting.filing import Filing, copies_owed, note_owed

ONE, TWO = Address("0x" + "0A" * 20), Address("0x" + "0B" * 20)
DOCUMENT = {"schema": "test/1"}


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(f"sqlite:///{tmp_path / 'test.db'}") as opened:
        yield opened


def blocked(path: Path) -> str:
    path.write_bytes(b"")
    return str(path)


async def write(filing: Filing, store: Store) -> int:
    """Write a document; return to how many stores it is owed."""
    owed = await filing.write(DOCUMENT)
    await store.run(note_owed, owed)
    return len(owed)


def depth(store: Store) -> int:
    with store.session(readonly=True) as session:
        return outbox_depth(session)


async def test_write__all_take_it__nothing_owed(store: Store, tmp_path: Path) -> None:
    filing = Filing(store, ONE, [str(tmp_path / "a"), str(tmp_path / "b")])
    assert await write(filing, store) == 0


async def test_write__none_takes_it__refused(store: Store, tmp_path: Path) -> None:
    filing = Filing(store, ONE, [blocked(tmp_path / "a"), blocked(tmp_path / "b")])
    with pytest.raises(EvidenceError, match="None of our 2 evidence stores"):
        await filing.write(DOCUMENT)


async def test_write__no_store_named__refused(store: Store) -> None:
    with pytest.raises(EvidenceError, match="None of our 0 evidence stores"):
        await Filing(store, ONE, []).write(DOCUMENT)


async def test_write__the_same_twice__owed_once(store: Store, tmp_path: Path) -> None:
    filing = Filing(store, ONE, [blocked(tmp_path / "down"), str(tmp_path / "up")])
    await write(filing, store)
    await write(filing, store)
    assert depth(store) == 1


async def test_deliver__two_monitors_owe_the_same_document__each_delivers_to_its_own_stores(
    store: Store, tmp_path: Path
) -> None:
    downs = [tmp_path / "one-down", tmp_path / "two-down"]
    one = Filing(store, ONE, [blocked(downs[0]), str(tmp_path / "one-up")])
    two = Filing(store, TWO, [blocked(downs[1]), str(tmp_path / "two-up")])
    assert await write(one, store) == await write(two, store) == 1
    assert depth(store) == 2
    for down in downs:
        down.unlink()
    assert await two.deliver() == 1
    (name,) = (path.name for path in downs[1].glob("bafkrei*"))
    assert not downs[0].exists()
    assert await one.deliver() == 1
    assert read_evidence(downs[0], name) == DOCUMENT


async def test_deliver__still_down__kept_for_later(store: Store, tmp_path: Path) -> None:
    down = tmp_path / "down"
    filing = Filing(store, ONE, [blocked(down), str(tmp_path / "up")])
    await write(filing, store)
    assert await filing.deliver() == 0
    down.unlink()
    await asyncio.sleep(0.6)  # the outbox's first pause
    assert (await filing.deliver(), depth(store)) == (1, 0)


async def test_deliver__source_gone_everywhere__closed_and_the_next_copied(
    store: Store, tmp_path: Path
) -> None:
    down, up = tmp_path / "down", tmp_path / "up"
    filing = Filing(store, ONE, [blocked(down), str(up)])
    await write(filing, store)
    for path in up.glob("bafkrei*"):
        path.unlink()
    await store.run(note_owed, await filing.write({"schema": "test/2"}))
    down.unlink()
    assert await filing.deliver() == 2
    assert [path.read_bytes() for path in down.glob("bafkrei*")] == [b'{"schema":"test/2"}']


async def owed_of_a_spoilt_copy(store: Store, tmp_path: Path) -> Filing:
    """Return the filing that owes `down` what only `up` has, and there it is not that any more."""
    urls = [blocked(tmp_path / "down"), str(tmp_path / "up")]
    filing = Filing(store, ONE, urls, sources=[str(tmp_path / "peer")])
    await write(filing, store)
    for path in (tmp_path / "up").glob("bafkrei*"):
        path.write_bytes(b"spoilt")
    await store.run(note_owed, await filing.write({"schema": "test/2"}))
    (tmp_path / "down").unlink()
    return filing


async def test_deliver__the_only_copy_is_spoilt__closed_and_the_next_copied(
    store: Store, tmp_path: Path
) -> None:
    filing = await owed_of_a_spoilt_copy(store, tmp_path)
    assert (await filing.deliver(), depth(store)) == (2, 0)
    assert [path.read_bytes() for path in (tmp_path / "down").glob("bafkrei*")] == [b'{"schema":"test/2"}']


async def test_deliver__the_only_copy_is_spoilt_and_a_store_is_away__kept_for_later(
    store: Store, tmp_path: Path
) -> None:
    urls = [blocked(tmp_path / "down"), str(tmp_path / "up"), str(tmp_path / "other")]
    filing = Filing(store, ONE, urls)
    await write(filing, store)
    for path in (tmp_path / "up").glob("bafkrei*"):
        path.write_bytes(b"spoilt")
    (tmp_path / "other").rename(tmp_path / "away")
    blocked(tmp_path / "other")
    (tmp_path / "down").unlink()
    assert (await filing.deliver(), depth(store)) == (0, 1)


async def test_deliver__a_whole_copy_appears_after_it_was_given_up__copied(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    filing = await owed_of_a_spoilt_copy(store, tmp_path)
    await filing.deliver()
    name = write_evidence(tmp_path / "peer", DOCUMENT)
    assert await filing.deliver() == 0
    monkeypatch.setattr(module, "ANEW_S", 0.0)
    assert await filing.deliver() == 1
    assert read_evidence(tmp_path / "down", name) == DOCUMENT


async def test_deliver__stores_in_another_order__each_gets_its_own(store: Store, tmp_path: Path) -> None:
    down, up = tmp_path / "down", tmp_path / "up"
    await write(Filing(store, ONE, [blocked(down), str(up)]), store)
    down.unlink()
    assert await Filing(store, ONE, [str(up), str(down)]).deliver() == 1
    assert len(list(down.glob("bafkrei*"))) == 1


async def test_deliver__store_no_longer_in_the_settings__what_it_is_owed_is_dropped(
    store: Store, tmp_path: Path
) -> None:
    up = str(tmp_path / "up")
    await write(Filing(store, ONE, [blocked(tmp_path / "one"), up]), store)
    await write(Filing(store, TWO, [blocked(tmp_path / "two"), up]), store)
    await Filing(store, ONE, [up]).deliver()
    assert depth(store) == 1


async def test_copies_owed__other_monitors_and_other_work_wait_too__only_what_is_asked_for(
    store_url: str, tmp_path: Path
) -> None:
    with open_store(store_url) as store:
        for monitor in (ONE, TWO):
            await write(Filing(store, monitor, [blocked(tmp_path / monitor), str(tmp_path / "up")]), store)
        await store.run(enqueue, "message", "message.post", {})
        assert await store.read(copies_owed, ONE) == 1
        assert await store.read(copies_owed) == 2
