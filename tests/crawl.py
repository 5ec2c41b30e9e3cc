"""Visits every page, medium and link of a running wiki, and sorts what fails by cause.

Run it as ``python tests/crawl.py URL [--repo REPO] [--json]``. With --repo it also asks for every page of the
repository's head by its address, and checks for each unresolved link that its target is really absent there.
Exit 1 when anything failed that is ours.
"""

import argparse
import json
import posixpath
import subprocess
import sys
from collections import Counter, defaultdict
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from html.parser import HTMLParser
from http.client import HTTPConnection
from threading import local
from unicodedata import normalize
from urllib.parse import quote, unquote, urljoin, urlsplit, urlunsplit

TIMEOUT = 120  # seconds for one answer
CAUSES = ("above the root", "site-absolute", "target absent in the source", "ours")


@dataclass
class Answer:
    """What one address said."""

    url: str
    status: int
    type: str
    links: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)  # targets of links that are marked as leading nowhere
    anchors: set[str] = field(default_factory=set)


class Links(HTMLParser):
    """Collects links, what is marked as missing, and anchors."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.links: list[str] = []
        self.missing: list[str] = []
        self.anchors: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        self.anchors |= {str(found[key]) for key in ("id", "name") if found.get(key)}
        if "missing" in (found.get("class") or "").split():
            title = (
                found.get("title") or ""
            )  # "No page TARGET", "No file TARGET": the target as it was written
            self.missing.append(title.removeprefix("No page ").removeprefix("No file "))
            return
        self.links += [target for attribute in ("href", "src", "poster") if (target := found.get(attribute))]


def endless(path: str) -> bool:
    """Say whether an address is one of very many like it: of searches, of revisions, of pages of lists."""
    return "?rev=" in path or path.startswith("/-/diff/") or (path.startswith("/-/") and "?" in path)


class Crawler:
    """Asks one wiki for everything that it links to."""

    def __init__(self, base: str, workers: int) -> None:
        self.base = urlsplit(base)
        self.workers = workers
        self.answers: dict[str, Answer] = {}
        self.linked_from: dict[str, set[str]] = defaultdict(set)
        self.fragments: dict[str, set[str]] = defaultdict(set)  # address -> fragments that are linked to
        self._local = local()

    def run(self, start: list[str]) -> None:
        """Visit *start*, and all that is reached from there."""
        queue = list(dict.fromkeys(start))
        seen = set(queue)
        with ThreadPoolExecutor(self.workers) as pool:
            while queue:
                found: list[str] = []
                for answer in pool.map(self.ask, queue):
                    self.answers[answer.url] = answer
                    for link in answer.links:
                        target = self.inside(answer.url, link)
                        if target is None:
                            continue
                        path, fragment = target
                        self.linked_from[path].add(answer.url)
                        if fragment:
                            self.fragments[path].add(fragment)
                        if path not in seen and not endless(path):
                            seen.add(path)
                            found.append(path)
                queue = found

    def inside(self, page: str, link: str) -> tuple[str, str] | None:
        """Return the path with query and the fragment of a link within the wiki."""
        parts = urlsplit(urljoin(urlunsplit((self.base.scheme, self.base.netloc, page, "", "")), link))
        if parts.scheme not in {"http", "https"} or parts.netloc != self.base.netloc:
            return None
        return urlunsplit(("", "", parts.path or "/", parts.query, "")), unquote(parts.fragment)

    def ask(self, path: str) -> Answer:
        """Get one address, following redirects within the wiki."""
        for _ in range(5):
            status, headers, body = self._get(path)
            if status not in {301, 302, 308}:
                break
            target = self.inside(path, headers.get("location", ""))
            if target is None:
                break
            path = target[0]
        kind = headers.get("content-type", "").split(";")[0]
        answer = Answer(path, status, kind)
        if kind == "text/html" and "attachment" not in headers.get("content-disposition", ""):
            parser = Links()
            parser.feed(body.decode("utf-8"))
            answer.links, answer.missing, answer.anchors = parser.links, parser.missing, parser.anchors
        return answer

    def _get(self, path: str) -> tuple[int, dict[str, str], bytes]:
        for attempt in (1, 2):
            connection = getattr(self._local, "connection", None)
            if connection is None:
                connection = HTTPConnection(self.base.hostname or "", self.base.port, timeout=TIMEOUT)
                self._local.connection = connection
            try:
                connection.request(
                    "GET", quote(path, safe="/!$&'()*+,;=:@~%?-._[]"), headers={"Accept": "text/html"}
                )
                response = connection.getresponse()
                return (
                    response.status,
                    {name.lower(): value for name, value in response.getheaders()},
                    response.read(),
                )
            except (OSError, EOFError):
                connection.close()
                self._local.connection = None
                if attempt == 2:
                    raise
        raise AssertionError


@dataclass
class Source:
    """The files of a repository's head."""

    paths: list[str]
    root: str = ""

    @classmethod
    def read(cls, repo: str) -> "Source":
        """List the files of *repo*."""
        listed = subprocess.run(
            ["git", "-C", repo, "ls-tree", "-r", "-z", "--name-only", "HEAD"], check=True, capture_output=True
        )
        return cls([path.decode(errors="backslashreplace") for path in listed.stdout.split(b"\0") if path])

    def addresses(self) -> list[str]:
        """Return the address of every file."""
        return ["/" + quote(strip(path), safe="/!$&'()*+,;=:@~") for path in self.paths]

    def has(self, target: str, *, whole: bool) -> bool:
        """Say whether a file or folder of that name is there: at the *whole* path, or with that end anywhere."""
        wanted = loose(target)
        return any(name == wanted or (not whole and name.endswith(f"/{wanted}")) for name in self._names())

    def _names(self) -> set[str]:
        if not hasattr(self, "_loose"):
            names = {loose(path) for path in self.paths}
            names |= {loose(posixpath.dirname(path)) for path in self.paths if "/" in path}
            self._loose = names
        return self._loose


def strip(path: str) -> str:
    """Return a path without its page suffix."""
    for suffix in (".md", ".markdown"):
        if path.lower().endswith(suffix):
            return path[: -len(suffix)]
    return path


def loose(path: str) -> str:
    """Return a form of a path in which case, spaces, ``_`` and ``-`` do not matter."""
    text = normalize("NFKC", strip(path.strip("/"))).casefold()
    return "-".join(part for part in text.replace("_", " ").replace("-", " ").split(" ") if part)


def cause(page: str, target: str, source: Source | None) -> str:
    """Say why a link leads nowhere."""
    folder = posixpath.dirname(unquote(urlsplit(page).path)[1:])
    if target.startswith("/"):
        return "ours" if source is not None and source.has(target, whole=True) else "site-absolute"
    place = posixpath.normpath(posixpath.join(folder, target))
    if place.startswith(".."):
        return "above the root"
    explicit = target.startswith(("./", "../"))  # says where it is, and is looked for there only
    if source is not None and source.has(place if explicit else target, whole=explicit):
        return "ours"
    return "target absent in the source"


def main() -> None:
    """Crawl, and print what was found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("url")
    parser.add_argument("--repo", help="the repository that is served")
    parser.add_argument("--workers", type=int, default=4)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    source = Source.read(options.repo) if options.repo else None
    crawler = Crawler(options.url, options.workers)
    crawler.run(["/", *(source.addresses() if source else [])])
    report = summary(crawler, source)
    if options.json:
        print(json.dumps(report, ensure_ascii=False, indent=2))
    else:
        show(report)
    sys.exit(1 if report["failed"] or report["unresolved"].get("ours") else 0)


def summary(crawler: Crawler, source: Source | None) -> dict:  # type: ignore[type-arg]
    """Count the answers, and sort what leads nowhere by cause."""
    failed = [
        {"url": url, "status": answer.status, "from": sorted(crawler.linked_from[url])[:3]}
        for url, answer in sorted(crawler.answers.items())
        if answer.status != 200
    ]
    unresolved: dict[str, list[str]] = defaultdict(list)
    for url, answer in sorted(crawler.answers.items()):
        for target in answer.missing:
            unresolved[cause(url, target, source)].append(f"{unquote(url)} -> {unquote(target)}")
    anchors = [
        f"{unquote(path)}#{fragment}"
        for path, fragments in sorted(crawler.fragments.items())
        if (there := crawler.answers.get(path)) and there.type == "text/html" and there.status == 200
        for fragment in sorted(fragments - there.anchors)
    ]
    return {
        "answers": dict(Counter(f"{a.status} {a.type}" for a in crawler.answers.values()).most_common()),
        "failed": failed,
        "unresolved": {name: unresolved[name] for name in CAUSES if name in unresolved},
        "anchors": anchors,
    }


def show(report: dict) -> None:  # type: ignore[type-arg]
    """Print a report for people."""
    for kind, count in report["answers"].items():
        print(f"{count:6} {kind}")
    print(f"{len(report['failed']):6} failed")
    for item in report["failed"][:20]:
        print(f"       {item['status']} {item['url']}  from {', '.join(item['from'])}")
    for name, links in report["unresolved"].items():
        print(f"{len(links):6} unresolved: {name}")
        for link in links[:5]:
            print(f"       {link}")
    print(f"{len(report['anchors']):6} links to anchors that are not there")
    for anchor in report["anchors"][:5]:
        print(f"       {anchor}")


if __name__ == "__main__":
    main()
