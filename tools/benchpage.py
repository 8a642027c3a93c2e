"""Draws what tools/bench measured: one page of HTML with one SVG, and nothing from elsewhere.

A line a figure, on one logarithmic scale: how many times as much as this runtime a peer takes. The runtime itself is the line
at 1; what lies to the right of it is slower (or larger). A triangle marks the goal.
"""
from __future__ import annotations

import math
from html import escape

LEFT, RIGHT, TOP, STEP = 420, 60, 70, 30    # margins, and the height of a line
WIDTH = 1080
COLOURS = {"go": "#0a7ea4", "st": "#b5651d", "fiber": "#6a3d9a", "threads": "#c0392b", "epoll": "#2e7d32"}

STYLE = """
:root { --ink: #1b1f24; --soft: #6b7280; --grid: #e2e5ea; --paper: #ffffff; --mine: #111827; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e8eaed; --soft: #9aa3ae; --grid: #30363d; --paper: #14171b; --mine: #f3f4f6; }
}
body { background: var(--paper); color: var(--ink); font: 15px/1.5 system-ui, sans-serif; max-width: 1080px; margin: 2em auto; padding: 0 1em; }
svg { width: 100%; height: auto; }
text { fill: var(--ink); font: 13px system-ui, sans-serif; }
.soft { fill: var(--soft); font-size: 12px; }
.grid { stroke: var(--grid); }
.mine { stroke: var(--mine); stroke-width: 2; }
.goal { fill: none; stroke: var(--mine); stroke-width: 1.3; }
.reached { fill: var(--mine); }
p, td, th { color: var(--ink); }
"""


def number(x: float) -> str:
    return f"{x:.2f}" if x < 10 else f"{x:.1f}" if x < 100 else f"{x:,.0f}"


class Scale:
    """The logarithmic axis over all that is drawn."""

    def __init__(self, values: list[float]) -> None:
        self.low = math.floor(math.log10(min([*values, 0.5])) * 3) / 3
        self.high = math.ceil(math.log10(max([*values, 2.0])) * 3) / 3

    def x(self, factor: float) -> float:
        return LEFT + (math.log10(factor) - self.low) / (self.high - self.low) * (WIDTH - LEFT - RIGHT)

    def ticks(self) -> list[float]:
        powers = range(math.floor(self.low), math.ceil(self.high) + 1)
        return [m * 10.0 ** e for e in powers for m in (1, 2, 5) if self.low <= math.log10(m * 10.0 ** e) <= self.high]


def factors(f: dict) -> dict[str, float]:
    """What each peer takes, in units of this runtime; where more is better the other way round."""
    mine = f["median"].get("handoff")
    if not mine:
        return {}
    return {p: (mine / v if f["more_is_better"] else v / mine) for p, v in f["median"].items() if p != "handoff"}


def goalfactor(f: dict) -> float | None:
    """Where the runtime would have to be, in the same unit."""
    mine, go = f["median"].get("handoff"), f["median"].get("go")
    if f["goal"] is None or not mine or (f["goal_is"] == "ratio" and not go):
        return None
    want = f["goal"] if f["goal_is"] == "value" else f["goal"] * go
    return mine / want if f["more_is_better"] else want / mine


def line(f: dict, y: float, scale: Scale, peers: dict[str, str]) -> list[str]:
    mine = f["median"].get("handoff")
    value = f"{number(mine)} {f['unit']}" if mine else "-"
    out = [f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y}" y2="{y}"/>',
           f'<text x="{LEFT - 92}" y="{y + 4}" text-anchor="end">{escape(f["name"])}</text>',
           f'<text class="soft" x="{LEFT - 12}" y="{y + 4}" text-anchor="end">{value}</text>']
    goal = goalfactor(f)
    if goal:
        x = scale.x(goal)
        kind = "goal reached" if f.get("reached") else "goal"
        out.append(f'<path class="{kind}" d="M{x:.1f} {y - 5} l5 -8 h-10 z"><title>goal: {number(goal)} times as much</title></path>')
    for peer, factor in factors(f).items():
        tip = f'{peers.get(peer, peer)}: {number(f["median"][peer])} {f["unit"]}, {number(factor)} times as much'
        out.append(f'<circle cx="{scale.x(factor):.1f}" cy="{y}" r="6" fill="{COLOURS.get(peer, "#888")}" fill-opacity="0.85">'
                   f'<title>{escape(tip)}</title></circle>')
    return out


def legend(peers: dict[str, str]) -> list[str]:
    out, x = [], 200
    for peer, name in peers.items():
        if peer == "handoff":
            out.append(f'<line class="mine" x1="{x}" x2="{x}" y1="8" y2="24"/>')
        else:
            out.append(f'<circle cx="{x}" cy="16" r="6" fill="{COLOURS.get(peer, "#888")}"/>')
        out.append(f'<text x="{x + 12}" y="20">{escape(name)}</text>')
        x += 40 + 7 * len(name)
    out.append(f'<path class="goal" d="M{x} 21 l5 -8 h-10 z"/><text x="{x + 12}" y="20">goal</text>')
    out.append(f'<path class="goal reached" d="M{x + 56} 21 l5 -8 h-10 z"/><text x="{x + 68}" y="20">reached</text>')
    return out


def drawing(figures: list[dict], peers: dict[str, str]) -> str:
    drawn = [f for f in figures if f["median"].get("handoff")]
    marks = [x for f in drawn for x in [*factors(f).values(), goalfactor(f) or 1.0]]
    scale = Scale(marks)
    height = TOP + STEP * len(drawn) + 24
    out = [f'<svg viewBox="0 0 {WIDTH} {height}" role="img" aria-label="This runtime against each peer">', *legend(peers)]
    for t in scale.ticks():
        x = scale.x(t)
        out.append(f'<line class="grid" x1="{x:.1f}" x2="{x:.1f}" y1="{TOP - 18}" y2="{height - 24}"/>')
        out.append(f'<text class="soft" x="{x:.1f}" y="{TOP - 24}" text-anchor="middle">{t:g}x</text>')
    for i, f in enumerate(drawn):
        out += line(f, TOP + STEP * i + 4, scale, peers)
    x = scale.x(1)
    out.append(f'<line class="mine" x1="{x:.1f}" x2="{x:.1f}" y1="{TOP - 18}" y2="{height - 24}"/></svg>')
    return "\n".join(out)


def page(figures: list[dict], peers: dict[str, str], about: dict) -> str:
    """The whole page."""
    where = f"{about['cpu']}, {about['cpus']} CPUs, Linux {about['kernel']}, {about['go'] or 'no Go'}, {about['when']}"
    return f"""<!DOCTYPE html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Handoff beside others</title>
<style>{STYLE}</style>
<h1>Handoff beside others</h1>
<p>How many times as much as Handoff each peer takes; right of the line at 1 is slower or larger. Beside each name stands what
Handoff takes itself. {escape(where)}</p>
{drawing(figures, peers)}
</html>
"""
