"""Write `docs/openapi.json`, what the API of the pages answers; `--check` fails where it is not up to date.

python -m scripts.openapi [--check]
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from tribune.web.public.openapi import description
from tribune.web.public.routes import OPERATIONS

FILE = Path(__file__).parents[1] / "docs" / "openapi.json"


def written() -> str:
    """Return what the file should hold."""
    document = description(OPERATIONS, "https://dao.example")
    return json.dumps(document, ensure_ascii=False, indent=1) + "\n"


def main() -> None:
    """Write the file, or check it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; fail where it differs")
    text = written()
    if not parser.parse_args().check:
        FILE.write_text(text, encoding="utf-8")
    elif not FILE.is_file() or FILE.read_text(encoding="utf-8") != text:
        sys.exit("docs/openapi.json is not what the code says: run `python -m scripts.openapi`.")


if __name__ == "__main__":
    main()
