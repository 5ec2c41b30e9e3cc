"""The manual of the dialect is its test: each example comes out as ``docs/syntax.md`` says."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields
from pathlib import Path

import pytest

from engine.ids import PageId, page_stem
from engine.markup import Limits, Markup
from engine.markup.parser import RULES
from engine.markup.sanitize import sanitize
from engine.model import Form, Name, Target
from tests.specs import normalize

ROOT = Path(__file__).parents[1]
MANUAL = (ROOT / "docs/syntax.md").read_text(encoding="utf-8")
PAGE = PageId.parse("Farm/Home")
MEDIA = ("Farm/llama.png", "Farm/hum.ogg", "Farm/shearing.webm", "Farm/prices.pdf")
FENCE = re.compile(
    r"^(?P<mark>`{3,})(?P<info>[^\n`]+)\n(?P<content>[\s\S]*?)^(?P=mark)$|^#+ (?P<heading>[^\n]+)$",
    re.MULTILINE,
)


@dataclass(frozen=True, slots=True)
class Example:
    """One fence of the manual."""

    name: str  # its section, and a number within it
    markdown: str
    html: str
    problems: list[str]


def fences(kind: str) -> Iterator[tuple[str, str, str]]:
    """Go through the fences whose info begins with *kind*: section, rest of the info, content."""
    section = ""
    for match in FENCE.finditer(MANUAL):
        if match["heading"]:
            section = match["heading"]
        elif match["info"].split()[0] == kind:
            yield section, match["info"].removeprefix(kind).strip(), match["content"]


def examples() -> list[Example]:
    found: list[Example] = []
    for section, _, content in fences("example"):
        markdown, html, *problems = re.split(r"^\.\n", content, flags=re.MULTILINE)
        number = 1 + sum(example.name.startswith(f"{section} ") for example in found)
        found.append(Example(f"{section} {number}", markdown, html, "".join(problems).splitlines()))
    return found


class Wiki:
    """The pages of the manual. Targets are found from the page's folder, then from the root."""

    def __init__(self) -> None:
        self.texts = {path: text for _, path, text in fences("page")}
        self.paths = {*self.texts, *MEDIA}

    def target(self, source: PageId, link: str) -> Target | None:
        for candidate in candidates(source.folder, link):
            if candidate in self.paths:
                stem = page_stem(candidate)
                title = re.search("^title: (.*)$", self.texts.get(candidate, ""), re.MULTILINE)
                form = Form.PAGE if stem else Form.MEDIA
                return Target(Name(candidate, "0" * 40, form), title[1] if title else stem or candidate)
        return None

    def text(self, target: Target) -> str | None:
        return self.texts.get(target.name.path)


def candidates(folder: str, link: str) -> Iterable[str]:
    start = f"{folder}/" if folder else ""
    for path in (start + link, link.removeprefix("../")):
        yield path
        yield f"{path}.md"


def render(markdown: str) -> tuple[str, list[str]]:
    markup = Markup()
    parsed = markup.parse(markdown)
    rendered = markup.render(parsed, PAGE, Wiki())
    problems = (*parsed.problems, *rendered.problems)
    return rendered.html, [f"{problem.line} {problem.code}: {problem.message}" for problem in problems]


@pytest.mark.parametrize("example", examples(), ids=lambda example: example.name)
def test_an_example_comes_out_as_the_manual_says(example: Example) -> None:
    html, problems = render(example.markdown)
    assert normalize(html) == normalize(example.html)
    assert problems == example.problems


@pytest.mark.parametrize("example", examples(), ids=lambda example: example.name)
def test_an_example_is_safe_and_stays_so(example: Example) -> None:
    html, _ = render(example.markdown)
    assert sanitize(html) == html


def test_sanitizing_takes_nothing_that_the_renderer_wrote(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.markup.pipeline.sanitize", lambda html: html)
    for example in examples():
        if not example.name.startswith(("HTML", "Bare addresses")):
            html, _ = render(example.markdown)
            html = html.replace(' class="task-list-item-checkbox"', "")
            html = re.sub(' xmlns="[^"]*"', "", html)
            assert normalize(sanitize(html)) == normalize(html)


def test_every_rule_is_in_the_manual() -> None:
    for rule in RULES:
        assert f"`{rule.__name__.rpartition('.')[2]}`" in MANUAL


def test_every_limit_is_in_the_manual_with_its_value() -> None:
    for field in fields(Limits):
        assert f"| `{field.name}` | {field.default:,} |" in MANUAL


def test_every_problem_is_in_the_manual() -> None:
    source = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "engine").rglob("*.py"))
    codes = set(re.findall(r'[Pp]roblem\(\s*"([a-z0-9-]+)"', source))
    table = MANUAL.partition("## Problems")[2].partition("## ")[0]
    assert codes == set(re.findall(r"^\| `([a-z0-9-]+)` \|", table, re.MULTILINE))


def test_prose_has_one_sentence_per_line() -> None:
    for manual in (ROOT / "docs").glob("*.md"):
        prose = re.sub(r"^(`{3,})[\s\S]*?^\1$", "", manual.read_text(encoding="utf-8"), flags=re.MULTILINE)
        for line in prose.splitlines():
            assert not re.search(r"[a-z`)]\. [A-Z]", line) or line.startswith("|"), line
