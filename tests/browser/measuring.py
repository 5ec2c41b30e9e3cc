"""What keeps people from using a page, as a browser can tell: findings of axe-core, and text that is cut off."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, ViewportSize

DESKTOP = ViewportSize(width=1280, height=900)
PHONE = ViewportSize(width=360, height=740)
ZOOMED = {"at 400 %": (320, 256), "at 200 %": (640, 512)}
"""What is left of a window of 1,280 by 1,024 when it is magnified: WCAG 2.2, 1.4.10 and 1.4.4."""

_TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
COLOURS = ("color-contrast", "link-in-text-block")
"""The rules of axe-core that depend on colours; they take most of its time."""
_RUN = """([values, off]) => axe.run(document, {
  runOnly: values,
  rules: Object.fromEntries(off.map(rule => [rule, {enabled: false}])),
  resultTypes: ["violations"],
}).then(found =>
  found.violations.map(one => [one.id, one.help, one.nodes.map(node => [node.html, node.failureSummary])]))"""
# Scripts hear of a new size before the frame is painted.
_SETTLE = "() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"
_CUT_OFF = (Path(__file__).parent / "cut_off.js").read_text(encoding="utf-8")
_MOVING = """() => {
  const lasts = (times) => times.split(",").some(time => parseFloat(time) > 0.01);
  const found = [document.documentElement, ...document.querySelectorAll("*")].filter(element => {
    const style = getComputedStyle(element);
    return lasts(style.transitionDuration) || style.animationName !== "none" && lasts(style.animationDuration)
      || style.scrollBehavior === "smooth";
  });
  return found.map(element => element.outerHTML.slice(0, 80)).concat(document.getAnimations().map(String));
}"""
# What a reader may set without losing anything: WCAG 2.2, 1.4.12. A constructed sheet passes any policy of the page.
_SPACING = """() => {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(`* { line-height: 1.5 !important; letter-spacing: 0.12em !important; word-spacing: 0.16em !important; }
    p { margin-block-end: 2em !important; }`);
  document.adoptedStyleSheets.push(sheet);
}"""


def violations(page: Page, axe: Path, *, only: Sequence[str] = (), without: Sequence[str] = ()) -> str:
    """Return what axe-core finds on a page as it is now, as text; empty when that is nothing.

    Args:
        page: What is looked at.
        axe: The script.
        only: The rules that are asked, where others would say what they have said already; all, where it is empty.
        without: Rules that are left out.
    """
    if not page.evaluate("'axe' in window"):
        page.evaluate(axe.read_text(encoding="utf-8"))
    page.evaluate(_SETTLE)
    found: list[Any] = page.evaluate(_RUN, [list(only or _TAGS), list(without)])
    lines = []
    for rule, told, nodes in found:
        lines.append(f"{rule}: {told} ({len(nodes)})")
        lines += [f"  {html[:300]}\n    {summary}" for html, summary in nodes[:5]]
    return "\n".join(lines)


def moving(page: Page) -> list[str]:
    """Return what moves, or would if it changed: for who wants nothing to."""
    found: list[str] = page.evaluate(_MOVING)
    return found


def cut_off(page: Page, width: int, height: int) -> str:
    """Return what of a page's text cannot be had in a window of that size; empty when that is nothing."""
    page.set_viewport_size(ViewportSize(width=width, height=height))
    found: list[str] = page.evaluate(_CUT_OFF)
    return "\n".join(found)


def lost(page: Page) -> dict[str, str]:
    """Return by circumstance what is cut off: at a desk, on a phone, magnified, and with wide spacing."""
    found = {
        "at a desk": cut_off(page, DESKTOP["width"], DESKTOP["height"]),
        "on a phone": cut_off(page, PHONE["width"], PHONE["height"]),
        **{name: cut_off(page, *size) for name, size in ZOOMED.items()},
    }
    page.evaluate(_SPACING)
    found["with wide spacing"] = cut_off(page, *ZOOMED["at 200 %"])
    page.evaluate("() => { document.adoptedStyleSheets.pop(); }")
    return {name: what for name, what in found.items() if what}
