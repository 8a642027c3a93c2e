"""A failing execution as a page: one lane for each thread, time from top to bottom. Everything in one file, no scripts needed."""
from __future__ import annotations

from html import escape

from . import explore

STYLE = """
:root { --ink: #1f2933; --line: #dde3e9; --soft: #f5f7f9; --bad: #b3261e; --warn: #8a5a00; }
body { font: 15px/1.45 system-ui, "Segoe UI", "Noto Sans", sans-serif; color: var(--ink); margin: 2em; }
h1 { font-size: 1.4em; } h2 { font-size: 1.15em; margin-top: 2.5em; }
p.says { color: #52606d; margin-top: -.6em; }
p.verdict { border-left: 4px solid var(--bad); padding: .3em .8em; background: #fdf3f2; }
table { border-collapse: collapse; } th, td { text-align: left; vertical-align: top; padding: .15em .8em; border-left: 1px solid var(--line); }
th { position: sticky; top: 0; background: #fff; border-bottom: 2px solid var(--ink); }
td.n { color: #9aa5b1; text-align: right; border-left: 0; font-variant-numeric: tabular-nums; }
td.step { background: var(--soft); } td code { font: 13px ui-monospace, "DejaVu Sans Mono", monospace; }
td .at { color: #7b8794; font-size: 12px; display: block; }
tr.switch td { border-top: 1px dashed #9aa5b1; } td.preempts { box-shadow: inset 3px 0 var(--warn); }
td.stale { background: #fff8e6; } td.end { background: #fdecea; } .key span { padding: 0 .5em; margin-right: 1em; }
"""


def rows(r: explore.Result) -> str:
    """A row a step: its number, then the lanes."""
    out, last = [], None
    for i, e in enumerate(r["trace"]):
        kinds = ["step"] + [k for k in ("preempts", "stale") if e.get(k)] + (["end"] if i + 1 == len(r["trace"]) else [])
        cell = f'<td class="{" ".join(kinds)}"><code>{escape(explore.describe(e, r))}</code><span class="at">{escape(e.get("line", ""))}</span></td>'
        lanes = [cell if k == e["t"] else "<td></td>" for k in range(len(r["threads"]))]
        out.append(f'<tr{" class=switch" if e["t"] != last else ""} id="{escape(r["scenario"])}-{i}"><td class="n">{i}</td>{"".join(lanes)}</tr>')
        last = e["t"]
    return "\n".join(out)


def section(r: explore.Result) -> str:
    """One scenario."""
    head = "".join(f"<th>{escape(t)}</th>" for t in r.get("threads", []))
    words = [w for w in explore.render(r, False)[:3] if not w.startswith(("----", "#"))]
    return (f'<h2>{escape(r["scenario"])}</h2><p class="says">{escape(r.get("says", ""))}</p>'
            f'<p class="verdict">{"<br>".join(escape(w) for w in words)}</p>'
            + (f"<table><tr><th></th>{head}</tr>{rows(r)}</table>" if r.get("trace") else ""))


def page(results: list[explore.Result]) -> str:
    """The whole page."""
    return (f"<!doctype html><html lang=en><meta charset=utf-8><title>Explorer</title><style>{STYLE}</style>"
            "<h1>What the explorer found</h1><p class=key><span style='background:#f5f7f9'>a step</span>"
            "<span style='box-shadow:inset 3px 0 #8a5a00'>preempts another thread</span>"
            "<span style='background:#fff8e6'>a load that misses a newer store</span>"
            "<span style='background:#fdecea'>the last step</span></p>" + "".join(section(r) for r in results) + "</html>\n")
