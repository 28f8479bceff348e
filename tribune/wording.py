"""Numbers with their nouns, as people write them. Knows no grammar: who calls gives both forms of a word."""

from __future__ import annotations


def counted(count: int, one: str, many: str = "") -> str:
    """Return a count with what is counted: "1 row", "2,000 rows".

    Args:
        count: at least 0.
        one: what stands behind 1, with its verb where it has one: "row has".
        many: what stands behind any other number; by default `one` with an s.
    """
    return f"{count:,} {one if count == 1 else many or f'{one}s'}"


def too_few(rows: int, needed: int, what: str = "") -> str:
    """Return that there are fewer rows than needed: "only 1 row with a label, 500 are needed"."""
    found = f"{counted(rows, 'row')} {what}".rstrip()
    return f"only {found}, {counted(needed, 'is needed', 'are needed')}"
