"""Two servers and one remote: both are edited, the remote goes away and comes back, servers are killed in between.

In the end all three branches are one commit, and every text that was acknowledged is in it.
"""

import html
import http.client
import os
import re
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from urllib.parse import quote, urlencode, urlsplit

from tests import repositories
from tests.repositories import Repository
from tests.soak.killing import check_log
from tests.soak.processes import PATIENCE, QUIRE, Started, members, started
from tests.soak.writing import check_repository

PAGES, PARAGRAPHS = 12, 20
PACE = 0.08  # seconds between two edits of one server
CONVERGE = 240.0  # seconds in which both have to come to one commit, once nobody edits
_INPUT = re.compile(r'<input type="hidden" name="([^"]*)" value="([^"]*)"')
_TEXT = re.compile(r'<textarea[^>]* name="text"[^>]*>\n?(.*?)</textarea>', re.DOTALL)
_TOKEN = re.compile(r"Q[ab][0-9]+Z")
_CONFLICT = re.compile(r'href="(/-/mirror/conflict\?of=[0-9a-f]+)"')


class AwayError(Exception):
    """The server was killed meanwhile: whether it did what it was asked for is not known."""


class Browser:
    """Asks one server, as the local person."""

    def __init__(self, url: Callable[[], str]) -> None:
        self._url = url
        self._cookies: dict[str, str] = {}

    def get(self, address: str) -> str:
        status, _, body = self._ask("GET", address)
        if status != 200:
            raise AwayError(f"{address}: {status}")
        return body

    def post(self, address: str, fields: Mapping[str, str]) -> tuple[int, str]:
        status, location, body = self._ask("POST", address, urlencode(fields))
        return status, location or body

    def _ask(self, method: str, address: str, body: str = "") -> tuple[int, str, str]:
        host = urlsplit(self._url()).netloc
        headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in self._cookies.items())}
        if body:
            headers |= {"Content-Type": "application/x-www-form-urlencoded", "Origin": f"http://{host}"}
        connection = http.client.HTTPConnection(host, timeout=PATIENCE)
        try:
            connection.request(method, address, body or None, headers)
            answer = connection.getresponse()
            text = answer.read().decode()
        except (OSError, http.client.HTTPException) as error:
            raise AwayError(str(error)) from error
        finally:
            connection.close()
        for cookie in answer.headers.get_all("Set-Cookie", []):
            name, _, value = cookie.partition(";")[0].partition("=")
            self._cookies[name] = value
        return answer.status, answer.headers.get("Location", ""), text


@dataclass
class Side:
    """One server with its repository, and somebody who edits there."""

    name: str  # a letter
    repository: Repository
    remote: Path
    folder: Path
    bare: bool
    acknowledged: list[str] = field(default_factory=list)  # tokens
    heads: list[str] = field(default_factory=list)  # of the branch, after each
    ends: Counter[str] = field(default_factory=Counter)
    decided: int = 0
    starts: int = 0
    server: Started | None = None
    lock: threading.Lock = field(default_factory=threading.Lock)
    _held: ExitStack = field(default_factory=ExitStack)

    def start(self) -> None:
        with self.lock:
            self.starts += 1
            settings = {
                "QUIRE_REMOTE": str(self.remote),
                "QUIRE_REMOTE_LOCAL": "true",
                "QUIRE_REMOTE_DELAY": "0",
                "QUIRE_REMOTE_INTERVAL": "10",
                "QUIRE_DATA": str(self.folder / f"data-{self.name}"),
                "GIT_CONFIG_GLOBAL": "/dev/null",
            }
            log = self.folder / f"log-{self.name}-{self.starts}"
            command = [*QUIRE, "serve", str(self.repository.path), "--port", "0"]
            self.server = self._held.enter_context(started(command, log, settings))
            self.server.url()

    def kill(self, *, all_of_it: bool) -> None:
        """End the server at once; with *all_of_it* also what it has started."""
        with self.lock:
            assert self.server is not None
            found = members(self.server.id) if all_of_it else {}
            self.server.kill()
            for number in found:
                with suppress(ProcessLookupError):
                    os.kill(number, signal.SIGKILL)
            check_log(self.server.said())

    def end(self) -> None:
        assert self.server is not None
        assert self.server.end() == 0, self.server.said()
        check_log(self.server.said())

    def close(self) -> None:
        self._held.close()

    def url(self) -> str:
        with self.lock:
            assert self.server is not None
            if self.server.process.poll() is not None:
                raise AwayError("it was killed, and is not there again")
            return self.server.url()

    def browser(self) -> Browser:
        return Browser(self.url)

    def head(self) -> str:
        return self.repository.git("rev-parse", "main")

    # -- what people do

    def edit(self, dice: Random, number: int) -> None:
        """Do one thing, until it is acknowledged or nobody knows whether it was done."""
        token = f"Q{self.name}{number}Z"
        browser = self.browser()
        for _ in range(200):
            try:
                status, said = self._once(browser, dice, token)
            except AwayError:
                self.ends["away"] += 1
                time.sleep(0.2)
                if token in tokens(self.repository):
                    return  # it was done before the server was killed
                continue
            if status == 303:
                self.ends["acknowledged"] += 1
                self.acknowledged.append(token)
                self.heads.append(self.head())
                return
            self.ends[f"answered {status}"] += 1
            assert status in {404, 409, 422, 503}, (status, said[:2_000])
        else:
            raise AssertionError(f"{token} could not be saved")

    def _once(self, browser: Browser, dice: Random, token: str) -> tuple[int, str]:
        pages = self._pages()
        kind = dice.random()
        if kind < 0.1:
            return self._save(browser, f"New {dice.randrange(40)} {self.name * (kind < 0.05)}", token, None)
        if kind < 0.18:
            return self._rename(browser, dice.choice(pages), token)
        return self._save(browser, dice.choice(pages), token, dice)

    def _pages(self) -> list[str]:
        names = self.repository.git("ls-tree", "-r", "--name-only", "main").splitlines()
        return [name.removesuffix(".md") for name in names]

    def _save(self, browser: Browser, page: str, token: str, dice: Random | None) -> tuple[int, str]:
        address = f"/-/edit/{quote(page)}"
        form = browser.get(address)
        fields = {name: html.unescape(value) for name, value in _INPUT.findall(form)}
        found = _TEXT.search(form)
        assert found is not None, form[:2_000]
        lines = html.unescape(found[1]).split("\n")
        at = dice.choice([n for n, line in enumerate(lines) if line.strip()]) if dice else len(lines) - 1
        if dice is None or dice.random() < 0.3:
            lines.append(f"\nAdded by {self.name}: {token}.")
        else:
            lines[at] = f"{lines[at]} And {token}."
        return browser.post(address, {**fields, "text": "\n".join(lines), "action": "save"})

    def _rename(self, browser: Browser, page: str, token: str) -> tuple[int, str]:
        to = f"moved/{page.rpartition('/')[2]} {token}"
        shown = browser.get(f"/-/rename/{quote(page)}?{urlencode({'to': to, 'leave': 'nothing'})}")
        fields = {name: html.unescape(value) for name, value in _INPUT.findall(shown)}
        return browser.post(f"/-/rename/{quote(page)}", {**fields, "to": to, "leave": "nothing"})

    def decide(self, *, look: bool = False) -> None:
        """Keep both texts of all conflicts; what only one side has stays."""
        browser = self.browser()
        with suppress(AwayError):
            page = browser.get("/-/mirror")
            if look:
                csrf = dict(_INPUT.findall(page))
                browser.post("/-/mirror", {**csrf, "action": "look"})
            for address in _CONFLICT.findall(page):
                form = browser.get(address)
                fields = {name: html.unescape(value) for name, value in _INPUT.findall(form)}
                places = len(re.findall(r'<fieldset class="conflict">', form))
                if places:
                    fields |= {"choice": "text"} | {f"choice-{n}": "both" for n in range(1, places + 1)}
                else:
                    gone = "Delete it here, too" in form
                    fields["choice"] = "ours" if gone else "theirs"
                status, _ = browser.post("/-/mirror/conflict", fields)
                self.decided += status == 303


@contextmanager
def _repeated(what: Callable[[], None], pause: float) -> Iterator[None]:
    """Do something again and again, in a thread of its own."""
    ended, failed = threading.Event(), list[BaseException]()

    def run() -> None:
        try:
            while not ended.wait(pause):
                what()
        except BaseException as error:  # told below
            failed.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join(PATIENCE)
    if failed:
        raise failed[0]


def check_mirror(folder: Path, *, edits: int, kills: int, outages: int, seed: int = 1) -> str:
    """Edit on both sides, and see that all comes together."""
    dice = Random(seed)
    remote = repositories.make(folder / "remote")
    texts = {
        f"Page {n}.md": f"# Page {n}\n\n"
        + "\n\n".join(f"Paragraph {k} of page {n}." for k in range(PARAGRAPHS))
        + "\n"
        for n in range(PAGES)
    }
    remote.commit(texts)
    sides = []
    for name, bare in (("a", True), ("b", False)):
        place = folder / f"wiki-{name}"
        remote.git("clone", "-q", *(["--bare"] if bare else []), str(remote.path), str(place))
        sides.append(Side(name, Repository(place), remote.path, folder, bare))
    began = time.perf_counter()
    with ExitStack() as held:
        for side in sides:
            held.callback(side.close)
            side.start()
        threads, failed = [], list[BaseException]()
        for side in sides:
            thread = threading.Thread(
                target=_edit_all, args=(side, Random(f"{seed}{side.name}"), edits, failed)
            )
            thread.start()
            threads.append(thread)
        with ExitStack() as deciding:
            for side in sides:
                deciding.enter_context(_repeated(side.decide, 1.0))
            done = [0, 0]
            while any(thread.is_alive() for thread in threads):
                time.sleep(dice.uniform(0.5, 2.5))
                if done[0] < kills:
                    side = dice.choice(sides)
                    side.kill(all_of_it=dice.random() < 0.5)
                    side.start()
                    done[0] += 1
                if done[1] < outages and dice.random() < 0.4:
                    away = remote.path.rename(folder / "away")
                    time.sleep(dice.uniform(1, 6))
                    away.rename(remote.path)
                    done[1] += 1
        assert not failed, failed[0]
        edited = time.perf_counter() - began
        end = time.monotonic() + CONVERGE
        while len({side.head() for side in sides} | {remote.git("rev-parse", "main")}) > 1:
            assert time.monotonic() < end, [side.head() for side in sides]
            for side in sides:
                side.decide(look=True)
            time.sleep(1)
        converged = time.perf_counter() - began - edited
        for side in sides:
            side.end()
    head = remote.git("rev-parse", "main")
    there = tokens(remote)
    ancestors = {*remote.git("rev-list", head).split()}
    for side in sides:
        assert {*side.acknowledged} <= there, sorted({*side.acknowledged} - there)
        assert {*side.heads} <= ancestors, "a commit that was acknowledged is in no history"
        check_repository(side.repository, bare=side.bare)
    remote.check()
    merges = remote.git("rev-list", "--merges", "--count", head)
    assert not [text for text in _texts(remote) if text.startswith(("<<<<<<<", ">>>>>>>"))]
    return (
        f"{edits} edits of each of two servers in {edited:.0f} s, {done[0]} kills, {done[1]} times without the remote:"
        f" {sum(len(side.acknowledged) for side in sides)} acknowledged, all there; {merges} merges,"
        f" {sum(side.decided for side in sides)} conflicts decided; one commit {converged:.0f} s after the last edit;"
        f" {sides[0].ends + sides[1].ends}"
    )


def tokens(repository: Repository) -> set[str]:
    """Return what is in the pages of the branch, and in their names."""
    names = repository.git("ls-tree", "-r", "--name-only", "main")
    return {token for text in [names, *_texts(repository)] for token in _TOKEN.findall(text)}


def _texts(repository: Repository) -> list[str]:
    """Return all lines of the pages of the branch that hold something."""
    return repository.git("grep", "-h", "-e", ".", "main", "--").splitlines()


def _edit_all(side: Side, dice: Random, edits: int, failed: list[BaseException]) -> None:
    try:
        for number in range(edits):
            side.edit(dice, number)
            time.sleep(PACE)
    except BaseException as error:  # told by the other thread
        failed.append(error)
