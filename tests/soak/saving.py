"""Many save at the same moment, each from the page as it was before any of them: all are acknowledged, and all are there.

Some save a page of their own, others a paragraph of their own in one page. It is done by processes that hold the engine,

    python -m tests.soak.saving REPO FIRST STEP

and by people at a server with several workers, who fill in the form as a browser would.
"""

import http.client
import sys
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import pytest

from engine.access import Actor, Kind, Role, RolePolicy
from engine.changes import Edit
from engine.search.whoosh_index import WhooshIndex
from engine.store.git_store import GitStore
from engine.wiki import Wiki
from tests import repositories
from tests.repositories import Repository
from tests.soak.killing import check_log
from tests.soak.processes import PATIENCE, members, started, wait_until
from tests.soak.writing import check_repository

PAGES, PARAGRAPHS = 400, 200
SHARED = "Shared"
AT_ONCE = 40  # people, or threads of all processes together
WORKERS = 4
ENVIRONMENT = {"GIT_CONFIG_GLOBAL": "/dev/null"}


@dataclass(frozen=True, slots=True)
class Task:
    """One save: the page, and what is to stand in it in place of what."""

    page: str
    before: str
    after: str

    def edited(self, text: str) -> str:
        assert text.count(self.before) == 1, self
        return text.replace(self.before, self.after)


def tasks(pages: int = PAGES, paragraphs: int = PARAGRAPHS) -> list[Task]:
    """Return all saves; those to one page stand between the others."""
    own = [Task(f"part-{n % 7}/Page {n}", "Nobody was here.", f"Number {n} was here.") for n in range(pages)]
    shared = [Task(SHARED, f"Paragraph {n} is free.", f"Paragraph {n} is taken.") for n in range(paragraphs)]
    made = own + shared
    return made[::3] + made[1::3] + made[2::3]


def make(folder: Path, wanted: Sequence[Task], *, bare: bool) -> Repository:
    """Make the repository that all begin from."""
    repository = repositories.make(folder / "wiki", bare=bare)
    files: dict[str, list[str]] = {}
    for task in wanted:
        files.setdefault(f"{task.page}.md", ["# Page"]).append(task.before)
    repository.commit({path: "\n\n".join(parts) + "\n" for path, parts in files.items()})
    if not bare:
        repository.git("reset", "-q", "--hard")
    return repository


def check(repository: Repository, wanted: Sequence[Task], *, bare: bool) -> None:
    """Check that everything is there that was to be, and nothing that it replaced."""
    texts = {page: repository.git("show", f"main:{page}.md") for page in {task.page for task in wanted}}
    for task in wanted:
        text = texts[task.page]
        assert (text.count(task.after), text.count(task.before)) == (1, 0), task
    assert int(repository.git("rev-list", "--count", "main")) == len(wanted) + 1
    check_repository(repository, bare=bare)


# -- by the engine


def check_engine(folder: Path, *, bare: bool, pages: int = PAGES, paragraphs: int = PARAGRAPHS) -> str:
    """Save with several processes; say how long it took."""
    wanted = tasks(pages, paragraphs)
    repository = make(folder, wanted, bare=bare)
    with ExitStack() as stack:
        command = [
            sys.executable,
            "-m",
            "tests.soak.saving",
            str(repository.path),
            str(pages),
            str(paragraphs),
        ]
        workers = [
            stack.enter_context(started([*command, str(n)], folder / f"log-{n}", ENVIRONMENT))
            for n in range(WORKERS)
        ]
        wait_until(
            lambda: all("ready" in worker.said() for worker in workers), [w.said() for w in workers].copy
        )
        began = time.perf_counter()
        (folder / "go").touch()
        for worker in workers:
            assert worker.process.wait(PATIENCE * 5) == 0, worker.said()
        seconds = time.perf_counter() - began
        for worker in workers:
            check_log(worker.said())
        merged = sum(worker.said().count("merged") for worker in workers)
    check(repository, wanted, bare=bare)
    return f"{len(wanted)} saves by {WORKERS} processes in {seconds:.1f} s, {merged} of them merged"


def main() -> None:
    """Save one share of all, once there is a file that says so."""
    path, pages, paragraphs, number = sys.argv[1], *map(int, sys.argv[2:])
    wanted = tasks(pages, paragraphs)[number::WORKERS]
    store = GitStore.open(path)
    folder = store.cache_folder
    folder.mkdir(parents=True, exist_ok=True)
    wiki = Wiki.open(store, WhooshIndex(folder / "search"), folder, RolePolicy(), processes=0)
    wiki.start()
    head = store.head() or ""
    blobs = {entry.path: entry.blob for entry in store.tree(head)}

    def save(task: Task) -> None:
        file, base = f"{task.page}.md", blobs[f"{task.page}.md"]
        text = task.edited(store.read(base).decode())
        saved = wiki.commit([Edit(file, text, base)], Actor(Kind.PERSON, f"w{number}", Role.EDITOR), "Save")
        print("merged" if saved.merged else "saved", flush=True)

    print("ready", flush=True)
    while not (Path(path).parent / "go").exists():
        time.sleep(0.005)
    with ThreadPoolExecutor(AT_ONCE // WORKERS) as pool:
        list(pool.map(save, wanted))
    wiki.close()
    store.close()


# -- by people


class Form(HTMLParser):
    """The form of the edit page, and what a browser would send of it."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.fields: dict[str, str] = {}
        self._inside = False
        self._area: str | None = None
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._inside = "data-editor" in found
        elif self._inside and tag == "input" and "name" in found:
            self.fields[found["name"]] = found.get("value", "")
        elif self._inside and tag == "textarea":
            self._area = found["name"]
            self.fields[self._area] = ""

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._inside = False
        elif tag == "textarea" and self._area:
            text = self.fields[self._area]
            self.fields[self._area] = text.removeprefix("\n")  # as HTML has it
            self._area = None

    def handle_data(self, data: str) -> None:
        if self._area:
            self.fields[self._area] += data


@dataclass
class Person:
    """Somebody who edits one page."""

    where: str
    task: Task
    fields: Mapping[str, str] = field(default_factory=dict)
    cookie: str = ""
    seconds: float = 0.0
    answer: tuple[int, str] = (0, "")

    @property
    def address(self) -> str:
        return "/-/edit/" + self.task.page.replace(" ", "%20")

    def open(self) -> int:
        """Open the form, and change the text."""
        status, headers, body = self._ask("GET", "")
        if given := headers.get_all("Set-Cookie"):
            self.cookie = "; ".join(value.partition(";")[0] for value in given)
        if status == 200:
            fields = Form(body).fields
            text = self.task.edited(fields["text"])
            self.fields = fields | {"text": text.replace("\n", "\r\n"), "summary": "Save", "action": "save"}
        return status

    def save(self) -> None:
        """Send it."""
        began = time.perf_counter()
        status, headers, body = self._ask("POST", urlencode(self.fields))
        self.seconds = time.perf_counter() - began
        self.answer = (status, headers.get("Location") or body)

    def _ask(self, method: str, body: str) -> tuple[int, http.client.HTTPMessage, str]:
        connection = http.client.HTTPConnection(self.where, timeout=PATIENCE)
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Origin": f"http://{self.where}"}
        try:
            connection.request(
                method, self.address, body, headers | ({"Cookie": self.cookie} if self.cookie else {})
            )
            answer = connection.getresponse()
            return answer.status, answer.headers, answer.read().decode()
        finally:
            connection.close()


def check_http(
    folder: Path,
    *,
    bare: bool,
    pages: int = PAGES,
    paragraphs: int = PARAGRAPHS,
) -> str:
    """Save at a server with several workers; say how long it took."""
    wanted = tasks(pages, paragraphs)
    repository = make(folder, wanted, bare=bare)
    command = [
        *(sys.executable, "-m", "gunicorn", "--bind", "127.0.0.1:0", "--workers", str(WORKERS)),
        *("--worker-class", "gthread", "--threads", "4", "--no-control-socket"),
        *("--access-logfile", str(folder / "access.log"), "--access-logformat", "%(p)s", "wiki:create_app()"),
    ]
    environment = ENVIRONMENT | {"QUIRE_REPOSITORY": str(repository.path), "QUIRE_DATA": str(folder / "data")}
    with started(command, folder / "log", environment) as server:
        people = [Person(urlsplit(server.url()).netloc, task) for task in wanted]
        if people[0].open() in {403, 302, 303, 401}:
            pytest.skip("nobody may write here without an account")
        with ThreadPoolExecutor(AT_ONCE) as pool:
            assert set(pool.map(Person.open, people)) == {200}
            began = time.perf_counter()
            list(pool.map(Person.save, people))
            seconds = time.perf_counter() - began
        refused = [person.answer for person in people if person.answer[0] != 303]
        assert refused == [], (len(refused), refused[0][0], refused[0][1][:3000])
        assert server.end() == 0, server.said()
        wait_until(lambda: not members(server.id), lambda: members(server.id))
        check_log(server.said())
    workers = len(set((folder / "access.log").read_text().split()))
    assert workers > 1
    check(repository, wanted, bare=bare)
    merged = sum("saved=merged" in person.answer[1] for person in people)
    times = sorted(person.seconds for person in people)
    return (
        f"{len(people)} saves by {AT_ONCE} people at {workers} workers in {seconds:.1f} s, all acknowledged, {merged} merged; "
        f"each took {times[len(times) // 2] * 1000:.0f} ms, the longest {times[-1] * 1000:.0f} ms"
    )


if __name__ == "__main__":
    main()
