"""Bring the catalogues of texts up to date with the code, or check that they are.

Writes, for each language but English, `tribune/locale/<tag>/LC_MESSAGES/tribune.po`, in which a person
translates, and `tribune.mo`, which is read. `--check` fails where a text is not translated, loses one of its
places, or the `.mo` is not made from the `.po`.

    python -m scripts.catalogues [--check]
"""

from __future__ import annotations

import argparse
import importlib
import inspect
import io
import pkgutil
import re
import string
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from discord import app_commands
from discord.ext import commands

from tribune.language import CATALOGUES, DOMAIN, Language
from tribune.metrics.registry import METRICS
from tribune_bot import cogs

ROOT = Path(__file__).parents[1]
SOURCES = ("tribune", "bot/tribune_bot")
METHODS = [("**.py", "python"), ("**/templates/**.html", "jinja2.ext:babel_extract")]
OPTIONS = {"**/templates/**.html": {"trim_blocks": "true", "lstrip_blocks": "true"}}
KEYWORDS: dict[str, tuple[int, ...] | None] = {
    "_": None,
    "marked": None,
    "gettext": None,
    "plural": (1, 2),
    "ngettext": (1, 2),
}


def main() -> int:
    """Write the catalogues, or say what is wrong with them."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--check", action="store_true", help="write nothing; fail where a text is missing")
    faults = update(check=parser.parse_args().check)
    print("\n".join(faults[:50]) or "all texts are translated")
    return 1 if faults else 0


def update(*, check: bool) -> list[str]:
    """Write the catalogues; return what is wrong with them: empty when nothing is.

    Args:
        check: write nothing; a catalogue that would be written otherwise is wrong.
    """
    template = _template()
    faults: list[str] = []
    for language in Language:
        if language is Language.ENGLISH:
            continue
        folder = CATALOGUES / language / "LC_MESSAGES"
        catalogue = _read(folder / f"{DOMAIN}.po", language)
        catalogue.update(template, no_fuzzy_matching=True)
        catalogue.obsolete.clear()
        faults += [f"{language}: {fault}" for message in catalogue if (fault := fault_of(message))]
        for name, text in ((f"{DOMAIN}.po", _po(catalogue)), (f"{DOMAIN}.mo", _mo(catalogue))):
            path = folder / name
            if not check:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(text)
            elif not path.is_file() or path.read_bytes() != text:
                faults.append(f"{path.relative_to(ROOT)} is not up to date: python -m scripts.catalogues")
    return faults


def _template() -> Catalog:
    made = Catalog(project="Tribune", fuzzy=False)
    for source in SOURCES:
        for name, line, message, comments, context in extract_from_dir(
            ROOT / source, METHODS, OPTIONS, KEYWORDS, ("Translators:",), strip_comment_tags=True
        ):
            del line  # it would change the file with each edit of the code
            made.add(message, None, [(f"{source}/{name}", 0)], auto_comments=comments, context=context)
    for metric in METRICS.values():  # put together there, so not to be found in the code
        made.add(metric.words, None, [("tribune/metrics", 0)])
    for text in _described():
        made.add(text, None, [("bot/tribune_bot/cogs", 0)])
    return made


def _described() -> Iterator[str]:
    """Return what Discord shows of commands while somebody types one: their decorators hold it."""
    for found in pkgutil.iter_modules(cogs.__path__):
        module = importlib.import_module(f"{cogs.__name__}.{found.name}")
        for cog in vars(module).values():
            if not (
                inspect.isclass(cog) and issubclass(cog, commands.Cog) and cog.__module__ == module.__name__
            ):
                continue
            if issubclass(cog, commands.GroupCog):
                yield str(cog.__cog_group_description__)
            for command in cog.__cog_app_commands__:
                yield command.description
                if isinstance(command, app_commands.Command):
                    for parameter in command.parameters:
                        yield str(parameter.description)
                        yield from (choice.name for choice in parameter.choices)


def _read(path: Path, language: Language) -> Catalog:
    if not path.is_file():
        return Catalog(locale=language, project="Tribune", fuzzy=False)
    with path.open("rb") as file:
        return read_po(file, locale=language)


def fault_of(message: Message) -> str:
    """Return what is wrong with a translation; empty when nothing is."""
    if not message.id:
        return ""
    given = (message.id,) if isinstance(message.id, str) else tuple(message.id)
    told = (message.string,) if isinstance(message.string, str) else tuple(message.string or ("",))
    if not all(told):
        return f"not translated: {given[0]!r}"
    places = set().union(*(_places(text) for text in given))
    strange = set().union(*(_places(text) for text in told)) ^ places
    return f"places differ ({', '.join(sorted(strange))}): {given[0]!r}" if strange else ""


def _places(text: str) -> set[str]:
    """Return the places of a text: `{name}` in Python, `%(name)s` in a template."""
    if found := set(re.findall(r"%\((\w+)\)s", text)):
        return found
    return {name for _text, name, _form, _conversion in string.Formatter().parse(text) if name is not None}


def _po(catalogue: Catalog) -> bytes:
    buffer = io.BytesIO()
    write_po(buffer, catalogue, width=100, omit_header=False, sort_output=True, include_lineno=False)
    lines = buffer.getvalue().decode().splitlines(keepends=True)
    return "".join(line for line in lines if not line.startswith(_DATED)).encode()


_DATED = (
    '"POT-Creation-Date',
    '"PO-Revision-Date',
    '"Generated-By',
    '"Last-Translator',
    '"Language-Team',
    '"Report-Msgid',
    "# Copyright",
    "# This file is",
    "# FIRST AUTHOR",
    "# Translations template",
)


def _mo(catalogue: Catalog) -> bytes:
    again = read_po(io.BytesIO(_po(catalogue)), locale=catalogue.locale)
    again.creation_date = datetime(1970, 1, 1, tzinfo=UTC)  # else the file would differ each minute
    buffer = io.BytesIO()
    write_mo(buffer, again)
    return buffer.getvalue()


if __name__ == "__main__":
    sys.exit(main())
