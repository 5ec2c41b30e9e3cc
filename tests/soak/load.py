"""Several workers of a real server, read by many clients while commits arrive: every answer is of one commit.

Each commit rewrites every page with its own number, so that an answer made of two commits shows two numbers.
"""

import http.client
import re
import sys
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from urllib.parse import quote, urlsplit

from tests.soak.killing import check_log
from tests.soak.processes import PATIENCE, members, started, wait_until
from tests.soak.rebuilding import Pushed

NUMBER = re.compile(r"number-([0-9]{6})")
META = re.compile(r'<meta name="quire-commit" content="([0-9a-f]+)">')
OLDER = re.compile(r"these results are of commit <code>([0-9a-f]+)</code>")
RESULTS = re.compile(r'<ol class="results".*?</ol>', re.DOTALL)
SEARCH = "/-/search?q=everywhere"
FRESH = 1.0  # seconds after a commit from which readers should see it; later ones are counted
BOUND = 10.0  # seconds that no answer is older than, on any machine that runs tests
RECONNECT = 40  # requests on one connection, so that every client meets every worker


class Numbered:
    """A repository whose every commit rewrites every page with the number of the commit."""

    def __init__(self, folder: Path, pages: int) -> None:
        self.pages = pages
        self.commits = Pushed(folder)
        self.numbers: dict[str, int] = {}  # by commit
        self.reached: list[tuple[float, int]] = []  # when the branch was known to have which number
        self.commit()

    @property
    def path(self) -> Path:
        return self.commits.served.path

    @property
    def number(self) -> int:
        return len(self.numbers)

    def commit(self) -> None:
        number = self.number + 1
        parent = list(self.numbers)[-1:]
        made = self.commits.commit_tree(
            {f"Page {n}.md": self._text(n, number) for n in range(self.pages)},
            parent,
            summary=f"number-{number:06}",
        )
        self.numbers[made] = number  # before a reader can see it
        self.commits.set_head(made)
        self.reached.append((time.monotonic(), number))

    def _text(self, n: int, number: int) -> bytes:
        mark = f"number-{number:06}"
        near, far = ((n + step) % self.pages for step in (1, 7))
        return (
            f"---\ntags: [everywhere]\n---\n# Page {n} {mark}\n\nText everywhere {mark}.\n\n"
            f"A link to [[Page {near}]] says {mark} here.\n\n![[Page {far}#Part]]\n\n## Part\n\nEmbedded {mark}.\n"
        ).encode()

    def addresses(self) -> list[str]:
        return [*(quote(f"/Page {n}") for n in range(self.pages)), "/", "/Page%200.md", SEARCH, SEARCH]


@dataclass
class Seen:
    """What the clients met."""

    answers: Counter[int] = field(default_factory=Counter)  # by status
    kinds: Counter[str] = field(default_factory=Counter)
    commits: int = 0
    shown: set[int] = field(default_factory=set)  # the numbers that a page was seen with
    newest: int = 0  # the highest of them
    stale: int = 0  # answers that say that they are of an older commit
    late: int = 0  # those among them that began `FRESH` after a newer commit
    behind: float = 0.0  # the longest time from a commit until an answer of an older one began, in seconds
    workers: Counter[str] = field(default_factory=Counter)
    errors: list[str] = field(default_factory=list)
    seconds: float = 0.0

    def __str__(self) -> str:
        return (
            f"{self.seconds:.0f} s, {self.commits} commits, {len(self.shown)} of them seen; answers by status "
            f"{dict(self.answers)}, by kind {dict(self.kinds)}, by worker {sorted(self.workers.values())}; "
            f"{self.stale} older answers, marked as such, the oldest {self.behind:.2f} s behind, "
            f"{self.late} more than {FRESH} s"
        )


class Client(threading.Thread):
    """Reads pages over and over, and checks each answer."""

    def __init__(self, url: str, wiki: Numbered, seen: Seen, lock: threading.Lock, seed: int) -> None:
        super().__init__(daemon=True)
        self._where = urlsplit(url).netloc
        self._wiki, self._seen, self._lock = wiki, seen, lock
        self._dice = Random(seed)
        self._kept: dict[str, tuple[str, str]] = {}  # ETag and commit by address
        self.stopping = threading.Event()

    def run(self) -> None:
        while not self.stopping.is_set():
            connection = http.client.HTTPConnection(self._where, timeout=PATIENCE)
            try:
                for _ in range(RECONNECT):
                    if not self.stopping.is_set():
                        self._ask(connection, self._dice.choice(self._wiki.addresses()))
            except Exception as error:
                self._seen.errors.append(repr(error))
                return
            finally:
                connection.close()

    def _ask(self, connection: http.client.HTTPConnection, address: str) -> None:
        wiki, seen = self._wiki, self._seen
        headers = {"Connection": "keep-alive"}
        kept = self._kept.get(address)
        if kept and self._dice.random() < 0.3:
            headers["If-None-Match"] = kept[0]
        began = time.monotonic()
        reached = len(wiki.reached)
        floor = seen.newest
        connection.request("GET", address, headers=headers)
        answer = connection.getresponse()
        body = answer.read().decode()
        commit = answer.headers["Quire-Commit"]
        assert answer.status in {200, 304}, (address, answer.status, body)
        number = wiki.numbers[commit]
        stale = "Quire-Stale" in answer.headers
        newest = wiki.reached[reached - 1][1]
        assert number >= floor, f"{address} went back from {floor} to {number}"
        assert stale or number >= newest, f"{address} shows {number} at {newest} and does not say so"
        if answer.status == 304:
            assert kept is not None
            assert kept == (answer.headers["ETag"], commit), address
        else:
            self._check_body(address, body, commit)
            if "ETag" in answer.headers:
                self._kept[address] = (answer.headers["ETag"], commit)
        with self._lock:
            seen.answers[answer.status] += 1
            seen.kinds[_kind(address)] += 1
            seen.shown.add(number)
            seen.newest = max(seen.newest, number)
            if stale and number < newest:
                missed = next(at for at, made in wiki.reached if made > number)
                seen.stale += 1
                seen.late += began - missed > FRESH
                seen.behind = max(seen.behind, began - missed)

    def _check_body(self, address: str, body: str, commit: str) -> None:
        wiki = self._wiki
        expected = wiki.numbers[commit]
        if _kind(address) != "source":
            assert META.findall(body) == [commit], address
        if address == SEARCH:
            results = RESULTS.search(body)
            older = OLDER.findall(body)
            if results is not None:  # else there is no index yet
                commits = [each for each in wiki.numbers if each.startswith(older[0])] if older else [commit]
                _check_numbers(results[0], wiki.numbers[commits[0]], f"results of {address}")
                body = body.replace(results[0], "")
            assert results is not None or "brought up to date" in body
            assert _numbers(body) <= {expected}, f"beside results of {address}: {_numbers(body)}"
        else:
            _check_numbers(body, expected, address)


def _numbers(text: str) -> set[int]:
    return {int(found) for found in NUMBER.findall(text)}


def _check_numbers(text: str, expected: int, told: str) -> None:
    assert _numbers(text) == {expected}, f"{told} of {expected} shows {_numbers(text)}"


def _kind(address: str) -> str:
    if address == SEARCH:
        return "search"
    return "source" if address.endswith(".md") else "listing" if address == "/" else "page"


def check_load(
    folder: Path, *, seconds: float, pages: int, workers: int, clients: int, pause: float, seed: int = 1
) -> Seen:
    """Serve with *workers*, commit every *pause* seconds, read with *clients*; check every answer."""
    wiki, seen, lock, dice = Numbered(folder, pages), Seen(), threading.Lock(), Random(seed)
    command = [
        *("gunicorn", "--bind", "127.0.0.1:0", "--workers", str(workers), "--worker-class", "gthread"),
        *(
            "--threads",
            "4",
            "--keep-alive",
            "60",
            "--no-control-socket",
            "--access-logfile",
            str(folder / "access.log"),
        ),
        *("--access-logformat", "%(p)s", "wiki:create_app()"),
    ]
    environment = {"QUIRE_REPOSITORY": str(wiki.path), "GIT_CONFIG_GLOBAL": "/dev/null"}
    with started([sys.executable, "-m", *command], folder / "log", environment) as server:
        url = server.url()
        _wait_for_search(url, wiki)
        readers = [Client(url, wiki, seen, lock, seed * 1_000 + n) for n in range(clients)]
        for reader in readers:
            reader.start()
        began = time.monotonic()
        while time.monotonic() < began + seconds and not seen.errors:
            wiki.commit()
            time.sleep(pause * 2 * dice.random())
        seen.seconds, seen.commits = time.monotonic() - began, wiki.number
        assert not seen.errors, seen.errors[0]
        _wait_for_search(url, wiki)
        for reader in readers:
            reader.stopping.set()
        for reader in readers:
            reader.join(PATIENCE)
        assert not seen.errors, seen.errors[0]
        assert server.end() == 0, server.said()
        wait_until(lambda: not members(server.id), lambda: members(server.id))
        seen.workers.update((folder / "access.log").read_text().split())
        check_log(server.said())
        assert seen.behind < BOUND, seen
    return seen


def _wait_for_search(url: str, wiki: Numbered) -> None:
    """Wait until a search finds what was committed last, and nothing else."""

    def finds_the_newest() -> bool:
        connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=PATIENCE)
        try:
            connection.request("GET", SEARCH)
            body = connection.getresponse().read().decode()
        finally:
            connection.close()
        return {int(found) for found in NUMBER.findall(body)} == {wiki.number}

    wait_until(finds_the_newest)
