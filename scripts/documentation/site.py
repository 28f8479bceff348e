"""What mkdocs asks of us: links from a page to a file of the project keep working on the site.

`[serve.py](../examples/acs_employment/serve.py)` is right for whoever reads the pages in the repository. The
site has no such file, so it gets a copy below `source/`. Refuses links to folders and to files that are not
there: a strict build ends on them.
"""

from __future__ import annotations

import posixpath
import re
from pathlib import Path
from typing import Any

from mkdocs.plugins import get_plugin_logger
from mkdocs.structure.files import File, Files

ROOT = Path(__file__).parents[2]
LINK = re.compile(r"\]\((?P<to>(?:\.\./)+[^)#\s]+)(?P<anchor>#[^)\s]*)?\)")
log = get_plugin_logger("tribune")


def target(page: str, link: str) -> str | None:
    """Return from the project's folder what a page below docs/ links to; None if that is in docs/."""
    path = posixpath.normpath(posixpath.join("docs", posixpath.dirname(page), link))
    return None if path.startswith("docs/") else path


def on_files(files: Files, config: Any) -> Files:
    """Add the project's files that pages link to."""
    wanted: set[str] = set()
    for page in files.documentation_pages():
        for link in LINK.finditer(page.content_string):
            path = target(page.src_uri, link["to"])
            if path is None:
                continue
            if not (ROOT / path).is_file():
                log.warning("docs/%s links to %s, which is no file of the project", page.src_uri, path)
                continue
            wanted.add(path)
    for path in sorted(wanted):
        files.append(File.generated(config, f"source/{path}", abs_src_path=str(ROOT / path)))
    return files


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """Let links to files of the project lead to their copies."""
    here = posixpath.dirname(page.file.src_uri)

    def moved(link: re.Match[str]) -> str:
        path = target(page.file.src_uri, link["to"])
        if path is None:
            return link[0]
        return f"]({posixpath.relpath(f'source/{path}', here or '.')}{link['anchor'] or ''})"

    return LINK.sub(moved, markdown)
