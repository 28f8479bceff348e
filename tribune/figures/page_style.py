"""How the report page looks, and the policy that lets nothing but itself into it."""

from __future__ import annotations

import base64
import hashlib

from tribune.figures.theme import PALETTES, Theme

_RULES = """
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 1rem/1.5 system-ui, sans-serif;
  overflow-wrap: break-word; }
main { max-width: 78rem; margin: 0 auto; padding: 0 .75rem; }
p, pre { max-width: 46rem; }
main { padding-bottom: 3rem; }
h1 { font-size: 1.5rem; line-height: 1.25; margin: 1rem 0 .25rem; }
h2 { font-size: 1.25rem; margin: 2rem 0 .5rem; }
h3 { font-size: 1.05rem; margin: 1.25rem 0 .25rem; }
p { margin: .4rem 0; }
a { color: var(--good); }
:focus-visible { outline: 3px solid var(--good); outline-offset: 2px; }
.unseen { position: absolute; clip-path: inset(50%); }
.quiet { color: var(--quiet); }
.broken { color: var(--bad); font-weight: 700; }
.kept { font-weight: 700; }
dl { margin: .5rem 0; }
dt { color: var(--quiet); }
dd { margin: 0 0 .4rem; }
dd, pre, p code { overflow-wrap: anywhere; }
code { font-family: ui-monospace, monospace; font-size: .95em; }
pre { background: var(--card); padding: .6rem .75rem; border-radius: .3rem; margin: .5rem 0;
  white-space: pre-wrap; }
figure { margin: .75rem -.75rem; }
img { display: block; width: 100%; max-width: 27rem; height: auto; }
summary { cursor: pointer; padding: .3rem 0; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; margin: .25rem 0 1rem; }
caption { text-align: left; padding: .4rem 0; font-weight: 600; }
th, td { text-align: left; vertical-align: top; padding: .35rem .3rem .35rem 0; font-weight: 400;
  border-bottom: 1px solid var(--quiet); }
th:first-child { width: 55%; min-width: 5rem; }
.above th { border-bottom: 0; padding-bottom: 0; }
caption code { overflow-wrap: anywhere; }
thead th { color: var(--quiet); }
thead th + th { text-align: right; }
.words thead th + th { text-align: left; }
td.number { text-align: right; white-space: nowrap; font-size: .95rem; padding-left: .3rem; }
td:last-child { padding-right: 0; }
caption .quiet { font-weight: 400; }
@media (min-width: 60rem) {
  .beside { display: grid; grid-template-columns: 27rem minmax(0, 1fr); gap: 2.5rem; align-items: start; }
  .beside h2:first-child { margin-top: 1rem; }
  .figures, .values { display: grid; gap: 0 2rem; align-items: start; }
  .figures { grid-template-columns: repeat(auto-fill, minmax(22rem, 1fr)); }
  .values { grid-template-columns: repeat(2, minmax(0, 1fr)); }
}
"""


def _colours(theme: Theme) -> str:
    palette = PALETTES[theme]
    names = ("paper", "card", "ink", "quiet", "good", "bad")
    return " ".join(f"--{name}: {getattr(palette, name)};" for name in names)


def stylesheet() -> str:
    """Return the page's rules: light, and dark where the reader's system is."""
    return (
        f"\n:root {{ color-scheme: light dark; {_colours(Theme.LIGHT)} }}\n"
        f"@media (prefers-color-scheme: dark) {{ :root {{ {_colours(Theme.DARK)} }} }}{_RULES}"
    )


def content_policy() -> str:
    """Return the page's Content-Security-Policy: its own style and pictures inside it, nothing else."""
    digest = base64.b64encode(hashlib.sha256(stylesheet().encode()).digest()).decode()
    return (
        f"default-src 'none'; style-src 'sha256-{digest}'; img-src data:; base-uri 'none'; form-action 'none'"
    )
