"""The draw: the same everywhere, without repetition, and unlike anything that one could have prepared for."""

from __future__ import annotations

from collections import Counter

from Crypto.Hash import keccak

from tribune_monitors.audit.sampling import drawn

SEED = bytes(range(32))


def by_hand(seed: bytes, rows: int, size: int) -> list[int]:
    """Draw with another library's keccak."""
    places: list[int] = []
    i = 0
    while len(places) < size:
        word = keccak.new(digest_bits=256, data=seed + i.to_bytes(32, "big")).digest()
        place = int.from_bytes(word, "big") % rows
        if place not in places:
            places.append(place)
        i += 1
    return sorted(places)


def test_drawn__many_rows__is_keccak_of_seed_and_count_modulo_rows() -> None:
    assert drawn(SEED, 100_003, 200) == by_hand(SEED, 100_003, 200)


def test_drawn__hardly_more_rows_than_the_sample__no_row_twice() -> None:
    found = drawn(SEED, 201, 200)
    assert found == by_hand(SEED, 201, 200)
    assert len(set(found)) == 200


def test_drawn__no_more_rows_than_the_sample__all_of_them() -> None:
    assert drawn(SEED, 200, 200) == list(range(200))
    assert drawn(SEED, 3, 200) == [0, 1, 2]
    assert drawn(SEED, 0, 200) == []


def test_drawn__another_hash__another_sample() -> None:
    one, other = set(drawn(SEED, 10**6, 200)), set(drawn(SEED[::-1], 10**6, 200))
    assert len(one & other) < 5


def test_drawn__many_seeds__every_row_as_often() -> None:
    """Each of 50 rows is in a sample of 10 with chance 1/5: 400 of 2,000 times, deviation 18."""
    counts = Counter(place for n in range(2000) for place in drawn(n.to_bytes(32, "big"), 50, 10))
    assert min(counts.values()) > 400 - 5 * 18
    assert max(counts.values()) < 400 + 5 * 18
