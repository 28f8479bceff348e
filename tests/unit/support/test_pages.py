"""What the documentation promises is compared as it says: exactly, but for what it leaves out."""

from __future__ import annotations

from pathlib import Path

import pytest

from support import pages, terminal


def command(*shown: str) -> pages.Command:
    return pages.Command("page.md", 1, "x", shown)


@pytest.mark.parametrize(
    ("shown", "said", "same"),
    [
        (["one", "two"], "one\ntwo", True),
        (["one", "two"], "one\ntwo\nthree", False),
        (["one", "three"], "one\ntwo\nthree", False),
        (["one", "…", "three"], "one\ntwo\nmore\nthree", True),
        (["one", "…"], "one", True),
        (["Wrote 0x12…ff, 3 rows"], "Wrote 0x1234ff, 3 rows", True),
        (["Wrote 0x12…ff, 3 rows"], "Wrote 0x1234ff, 4 rows", False),
        (["a.b"], "axb", False),
        (["  wide"], "  wide   ", True),
        (["wide"], "  wide", False),
        ([], "anything", True),
        (["…"], "", True),
    ],
)
def test_answers__what_was_printed__is_what_is_shown(shown: list[str], said: str, same: bool) -> None:
    assert command(*shown).answers(said) is same


@pytest.fixture
def page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(pages, "ROOT", tmp_path)
    path = tmp_path / "page.md"
    path.write_text(
        """# Page

```toml title="a.toml"
[a]
b = 1
```

1. In a list:

    ```console
    $ cat a.toml
    [a]
    b = 1
    $ export X=kept && \\
    >   false
    $ echo $? $X
    1 kept
    ```

<!-- not run: needs a network that no test has -->
```console
$ curl https://dao.example
```
"""
    )
    return path


def test_blocks__of_a_page__files_commands_and_what_is_not_run(page: Path) -> None:
    file, run, not_run = pages.blocks(page)
    assert (file.title, file.text) == ("a.toml", "[a]\nb = 1\n")
    assert [one.typed for one in run.commands] == ["cat a.toml", "export X=kept && \\\n  false", "echo $? $X"]
    assert run.commands[0].shown == ("[a]", "b = 1")
    assert not_run.not_run == "needs a network that no test has"


def test_run__commands_of_a_page__share_one_shell_and_its_files(page: Path, tmp_path: Path) -> None:
    answers = terminal.run([block for block in pages.blocks(page) if not block.not_run], tmp_path)
    assert [answer.said for answer in answers] == ["[a]\nb = 1", "", "1 kept"]
    assert [answer.code for answer in answers] == [0, 1, 0]


def test_faults__command_that_fails_unasked__is_one(page: Path, tmp_path: Path) -> None:
    answers = terminal.run([block for block in pages.blocks(page) if not block.not_run], tmp_path)
    assert terminal.faults(answers) == [
        "page.md:14: $ export X=kept && \\\n  false\nended with 1:\n",
    ]
