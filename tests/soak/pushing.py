"""People who push with git, while others read and save: what is acknowledged is shown at once, and stays.

    python -m tests.soak.pushing URL FOLDER CLIENTS SECONDS

is the crowd: half of it pushes, each with a token that a file in the folder has, and half saves; each notes what was
acknowledged. It runs with the least priority, as if it were on machines of its own.
"""

import hashlib
import http.client
import os
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from urllib.parse import quote, urlsplit

from engine.access import Role
from tests import repositories
from tests.repositories import Content, Repository
from tests.soak.killing import check_log
from tests.soak.processes import (
    PATIENCE,
    QUIRE,
    Started,
    anonymous_memory,
    descriptors,
    members,
    started,
    wait_until,
)
from tests.soak.saving import WORKERS, Person, Task
from tests.soak.writing import check_repository
from wiki.state import SHELL, State

PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010806000000"
    "1f15c4890000000d49444154789c6360606060000000050001a5f645400000000049454e44ae426082"
)
WORDS = "amber birch cedar dune ember fjord grove heath islet juniper".split()
ENVIRONMENT = {"GIT_CONFIG_GLOBAL": os.devnull}
PARTS = 10  # after which is looked what a server holds
GROWN = (4_000_000, 24, 2)  # memory, files and processes that it may hold more at any time of the second half
THREADS = 16  # of a worker; with all workers more than there are clients
TRIES = 5  # after which somebody gives up, and begins anew


def client_git(folder: Path, *arguments: str) -> "subprocess.CompletedProcess[bytes]":
    """Run git as somebody would on their own machine."""
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith(("GIT_", "QUIRE_"))},
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_AUTHOR_NAME": "Ada",
        "GIT_AUTHOR_EMAIL": "ada@example.org",
        "GIT_COMMITTER_NAME": "Ada",
        "GIT_COMMITTER_EMAIL": "ada@example.org",
        "LC_ALL": "C",
    }
    return subprocess.run(["git", *arguments], cwd=folder, env=environment, capture_output=True, check=False)


def cloned(url: str, place: Path, *options: str) -> Repository:
    done = client_git(place.parent, "clone", "-q", *options, f"{url}/wiki.git", str(place))
    assert done.returncode == 0, done.stderr.decode()
    return Repository(place)


def pushed(mine: Repository, message: str) -> str:
    """Commit all, and push; return the commit."""
    for arguments in (("add", "-A"), ("commit", "-q", "-m", message), ("push", "-q", "origin", "HEAD:main")):
        done = client_git(mine.path, *arguments)
        assert done.returncode == 0, done.stderr.decode()
    return mine.git("rev-parse", "HEAD")


class Reader:
    """Asks for pages on one connection."""

    def __init__(self, url: str) -> None:
        self._connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=PATIENCE)

    def close(self) -> None:
        self._connection.close()

    def get(self, address: str) -> tuple[int, bytes]:
        self._connection.request("GET", address)
        answer = self._connection.getresponse()
        return answer.status, answer.read()

    def text(self, address: str) -> str:
        status, body = self.get(address)
        assert status == 200, (address, status, body[:500])
        return body.decode()


# -- what is pushed is shown by the first answer


def check_shown(folder: Path, *, times: int, bare: bool, pages: int = 60) -> str:
    """Push again and again, each time three changed pages, a renamed one and an image; look at the first answers."""
    repository = _repository(folder, pages, bare=bare)
    command = [*QUIRE, "serve", str(repository.path), "--port", "0"]
    dice, longest = Random(1), 0.0
    with ExitStack() as held:
        server = held.enter_context(
            started(command, folder / "log", ENVIRONMENT | {"QUIRE_DATA": str(folder / "data")})
        )
        url = server.url()
        mine, reader = cloned(url, folder / "mine"), held.enter_context(closing(Reader(url)))
        moved = "Page 0"
        for n in range(times):
            mark, target = f"quill{n}", f"Page {dice.randrange(10, 20)}"
            changed = [f"Page {each}" for each in dice.sample(range(20, pages), 3)]
            for name in changed:
                text = f"# {name}\n\n{mark} by [[{target}]] {' '.join(dice.choices(WORDS, k=40))}\n"
                (mine.path / f"{name}.md").write_text(text)
            before, moved = moved, f"Moved {n}"
            (mine.path / f"{before}.md").rename(mine.path / f"{moved}.md")
            image = PNG + str(n).encode()
            (mine.path / f"image {n}.png").write_bytes(image)
            began = time.perf_counter()
            commit = pushed(mine, f"push {n}")
            longest = max(longest, time.perf_counter() - began)
            _check_shown(reader, mark, target, changed, moved, commit)
            earlier = f"push {n - 1}" if n else "The beginning"
            assert earlier in reader.text(quote(f"/-/history/{moved}")), "before the page was renamed"
            assert reader.get(quote(f"/image {n}.png")) == (200, image)
            assert reader.get(quote(f"/{before}"))[0] in {302, 404}
        assert server.end() == 0, server.said()
        check_log(server.said())
    check_repository(repository, bare=bare)
    return f"{times} of {times} pushes shown by the first answers; the longest took {longest:.2f} s"


def _check_shown(reader: Reader, mark: str, target: str, changed: list[str], moved: str, commit: str) -> None:
    found = reader.text(f"/-/search?q={mark}")
    assert "brought up to date" not in found
    for name in changed:
        assert mark in reader.text(quote(f"/{name}")), name
        assert f">{name}<" in reader.text(quote(f"/-/backlinks/{target}")), (target, name)
        assert quote(f"/{name}") in found, (name, found)
        assert commit[:7] in reader.text(quote(f"/-/history/{name}")), name
    assert commit[:7] in reader.text(quote(f"/-/history/{moved}"))


def _repository(folder: Path, pages: int, *, bare: bool) -> Repository:
    repository = repositories.make(folder / "wiki", bare=bare)
    files: dict[str, Content] = {
        f"Page {n}.md": f"# Page {n}\n\n{' '.join(Random(n).choices(WORDS, k=60))}\n" for n in range(pages)
    }
    repository.commit(files, message="The beginning")
    repository.git("config", "user.name", "Ada")
    repository.git("config", "user.email", "ada@example.org")
    if not bare:
        repository.git("reset", "-q", "--hard")
    return repository


# -- many at once


@dataclass
class Crowd:
    """What happened to all of them."""

    commits: list[str] = field(default_factory=list)  # pushed and acknowledged
    saved: list[str] = field(default_factory=list)  # texts of pages that were acknowledged, the last of each
    ends: Counter[str] = field(default_factory=Counter)


def _give_tokens(folder: Path, count: int) -> None:
    """Let everybody who pushes be somebody else."""
    with closing(State(folder / "data")) as state:
        made = [state.tokens.create(f"crowd-{n}", role=Role.EDITOR, by=SHELL)[1] for n in range(count)]
    (folder / "tokens").write_text("\n".join(made))


@contextmanager
def gunicorn(repository: Repository, folder: Path, *, workers: int = WORKERS) -> Iterator[Started]:
    """Serve with several workers."""
    command = [
        *(sys.executable, "-m", "gunicorn", "--bind", "127.0.0.1:0", "--workers", str(workers)),
        *("--worker-class", "gthread", "--threads", str(THREADS), "--no-control-socket", "wiki:create_app()"),
    ]
    environment = ENVIRONMENT | {
        "QUIRE_REPOSITORY": str(repository.path),
        "QUIRE_DATA": str(folder / "data"),
        "QUIRE_THREADS": str(THREADS),
    }
    with started(command, folder / "log", environment) as server:
        yield server


def check_crowd(folder: Path, *, seconds: float, clients: int, bare: bool) -> str:
    """Let a crowd push and save, and readers read; everything that was acknowledged must be in the history."""
    repository = _repository(folder, 60 + clients, bare=bare)
    with gunicorn(repository, folder) as server:
        url = server.url()
        with closing(Reader(url)) as first:
            first.text("/Page%201")
        idle = _read(url, min(seconds / 4, 15))
        _give_tokens(folder, clients // 2)
        arguments = [url, str(folder), str(clients), str(seconds)]
        with started(
            ["nice", "-n", "19", sys.executable, "-m", "tests.soak.pushing", *arguments], folder / "crowd"
        ) as crowd:
            wait_until(lambda: "ready" in crowd.said() or crowd.process.poll() is not None, crowd.said)
            busy = _read(url, seconds)
            assert crowd.process.wait(PATIENCE * 2) == 0, crowd.said()
            said = crowd.said().splitlines()
        assert server.end() == 0, server.said()
        wait_until(lambda: not members(server.id), lambda: members(server.id))
        check_log(server.said())
    reached = set(repository.git("rev-list", "main").split())
    acknowledged = [line.split(" ")[1] for line in said if line.startswith("pushed ")]
    lost = [commit for commit in acknowledged if commit not in reached]
    assert not lost, (len(lost), lost[:3])
    assert acknowledged
    saved = {words[1]: words[2] for words in map(str.split, said) if words[0] == "saved"}
    for number, mark in saved.items():
        assert f"# Saved {mark}\n" in repository.git("show", f"main:Page {number}.md") + "\n", (number, mark)
    check_repository(repository, bare=bare)
    ends = Counter(line.split(" ", 1)[0] for line in said)
    tries = Counter(int(line.split(" ")[2]) for line in said if line.startswith("pushed "))
    times = sorted(float(line.split(" ")[3]) for line in said if line.startswith("saved "))
    return (
        f"{clients} clients for {seconds:.0f} s at {WORKERS} workers: {ends['pushed']} pushes and {ends['saved']} saves "
        f"acknowledged, all in the history; {tries[1]} pushes at the first try, {tries[2]} at the second, {tries[3]} at the "
        f"third, {sum(tries.values()) - tries[1] - tries[2] - tries[3]} later, {ends['given-up']} given up after five; "
        f"{ends['raced']} tries lost a race, {ends['busy']} were told to try again, {ends['refused']} saves refused; "
        f"saves' p50/p95/longest {_at(times, 0.5):.2f}/{_at(times, 0.95):.2f}/{times[-1]:.2f} s; readers' p50/p95 {_at(idle, 0.5):.1f}/{_at(idle, 0.95):.1f} ms idle, "
        f"{_at(busy, 0.5):.1f}/{_at(busy, 0.95):.1f} ms meanwhile"
    )


def _read(url: str, seconds: float) -> list[float]:
    """Read pages at a steady pace, and return how many milliseconds each took, in order."""
    dice, times = Random(7), []
    end = time.monotonic() + seconds
    with closing(Reader(url)) as reader:
        while time.monotonic() < end:
            began = time.perf_counter()
            status, _ = reader.get(quote(f"/Page {dice.randrange(60)}"))
            times.append((time.perf_counter() - began) * 1_000)
            assert status == 200
            time.sleep(0.02)
    return sorted(times)


def _at(times: list[float], share: float) -> float:
    return times[min(int(len(times) * share), len(times) - 1)]


def main() -> None:
    """Be the crowd."""
    _leave_the_processor()
    url, folder, clients, seconds = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4])
    half = clients // 2
    mine = [cloned(url, folder / f"clone-{n}", "--depth", "20") for n in range(half)]
    for each, token in zip(mine, (folder / "tokens").read_text().split(), strict=True):
        each.git("config", "http.extraHeader", f"Authorization: Bearer {token}")
    _say("ready")
    end = time.monotonic() + seconds
    threads = [threading.Thread(target=_push_on, args=(each, n, end)) for n, each in enumerate(mine)]
    threads += [threading.Thread(target=_save_on, args=(url, 60 + n, end)) for n in range(half, clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _leave_the_processor() -> None:
    """Be as if on another machine: what is nice still keeps processors busy, so that others who wake look for none."""
    with suppress(OSError):
        os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
    with suppress(
        OSError
    ):  # sessions may share the processor, and then being nice counts inside of each alone
        Path("/proc/self/autogroup").write_text("19")


def _say(*words: object) -> None:
    """Write one line, whole: others write at the same time."""
    os.write(1, (" ".join(map(str, words)) + "\n").encode())


def _push_on(mine: Repository, number: int, end: float) -> None:
    """Change a page of one's own, and push it, until the time is over."""
    count, dice = 0, Random(number)
    while time.monotonic() < end:
        count += 1
        client_git(mine.path, "fetch", "-q", "origin")
        client_git(mine.path, "reset", "-q", "--hard", "origin/main")
        (mine.path / f"Page {60 + number}.md").write_text(f"# Mine\n\nAnd {number} {count}.\n")
        client_git(mine.path, "commit", "-q", "-a", "-m", f"push {number} {count}")
        for tried in range(1, TRIES + 1):
            if tried > 1:
                time.sleep(dice.uniform(0.1, 0.5))
                client_git(mine.path, "pull", "-q", "--rebase", "origin", "main")
            done = client_git(mine.path, "push", "-q", "origin", "HEAD:main")
            said = done.stderr.decode()
            if done.returncode == 0:
                _say("pushed", mine.git("rev-parse", "HEAD"), tried)
                break
            if "503" in said:
                _say("busy", number)
            elif any(
                text in said
                for text in ("fetch first", "non-fast-forward", "has changed meanwhile", "leaves out")
            ):
                _say("raced", number)
            else:
                raise SystemExit(f"a push was refused: {said}")
        else:
            _say("given-up", number)


def _save_on(url: str, number: int, end: float) -> None:
    """Change a page of one's own in the browser, until the time is over."""
    count, now = 0, f"# Page {number}"
    while time.monotonic() < end:
        count += 1
        after = f"# Saved {hashlib.sha256(f'{number} {count}'.encode()).hexdigest()[:12]}"
        person = Person(urlsplit(url).netloc, Task(f"Page {number}", now, after))
        if person.open() != 200:
            continue
        person.save()
        if person.answer[0] == 303:
            now = after
            _say("saved", number, after.split()[-1], f"{person.seconds:.3f}")
        else:
            _say("refused", number, person.answer[0])


# -- much at once, and for long


def check_large(folder: Path, *, files: int, megabytes: int) -> str:
    """Push many large files at once, and tell the most memory that the server and its children held meanwhile."""
    repository = _repository(folder, 60, bare=True)
    command = [*QUIRE, "serve", str(repository.path), "--port", "0"]
    with started(command, folder / "log", ENVIRONMENT | {"QUIRE_DATA": str(folder / "data")}) as server:
        mine = cloned(server.url(), folder / "mine")
        for n in range(files):
            (mine.path / f"large {n}.bin").write_bytes(Random(n).randbytes(megabytes * 1_000_000))
        with measured(server) as most:
            began = time.perf_counter()
            pushed(mine, "much")
            seconds = time.perf_counter() - began
        with closing(Reader(server.url())) as reader:
            assert len(reader.get("/large%200.bin")[1]) == megabytes * 1_000_000
        assert server.end() == 0, server.said()
        check_log(server.said())
    assert repository.git("ls-tree", "-r", "--name-only", "main").count("large") == files
    return f"{files * megabytes} MB pushed in {seconds:.0f} s; at most {max(most) / 1e6:.0f} MB of memory, {most[0] / 1e6:.0f} before"


@contextmanager
def measured(server: Started) -> Iterator[list[int]]:
    """Look again and again at the memory of a server and its children."""
    most, over = [anonymous_memory(server.id)], threading.Event()

    def look() -> None:
        while not over.wait(0.02):
            most.append(anonymous_memory(server.id))

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield most
    finally:
        over.set()
        thread.join()


def check_flat(folder: Path, *, requests: int) -> str:
    """Read, save, clone and push, and check that in the second half the server comes to hold no more.

    What is kept in memory is bounded, and bounded so here that it is full before.
    """
    repository = _repository(folder, 60, bare=True)
    command = [*QUIRE, "serve", str(repository.path), "--port", "0"]
    environment = ENVIRONMENT | {"QUIRE_DATA": str(folder / "data")}
    environment |= {"QUIRE_RENDER_CACHE": "1000000", "QUIRE_RESPONSE_CACHE": "1000000"}
    dice, held, done = Random(2), list[tuple[int, int, int]](), 0
    with ExitStack() as stack:
        server = stack.enter_context(started(command, folder / "log", environment))
        url = server.url()
        mine, reader = cloned(url, folder / "mine"), stack.enter_context(closing(Reader(url)))
        for part in range(PARTS):
            while done < requests * (part + 1) // PARTS:
                kind = dice.random()
                if kind < 0.02:
                    client_git(mine.path, "pull", "-q", "--rebase", "origin", "main")
                    (mine.path / f"Page {dice.randrange(30)}.md").write_text(f"# Page\n\n{done}\n")
                    pushed(mine, f"push {done}")
                    done += 5
                elif kind < 0.03:
                    done += 3
                    cloned(url, folder / f"clone-{done}", "--depth", "1")
                elif kind < 0.1:
                    number = dice.randrange(30, 60)
                    text = repository.git("show", f"main:Page {number}.md").splitlines()[0]
                    person = Person(urlsplit(url).netloc, Task(f"Page {number}", text, f"# Page {done}"))
                    assert person.open() == 200
                    person.save()
                    assert person.answer[0] == 303, person.answer
                    done += 2
                else:
                    page = quote(f"/Page {dice.randrange(60)}")
                    address = dice.choice(
                        [
                            page,
                            "/-/history" + page,
                            "/-/search?q=amber",
                            "/-/recent",
                            "/wiki.git/info/refs?service=git-upload-pack",
                        ]
                    )
                    assert reader.get(address)[0] in {200, 302}, address
                    done += 1
            time.sleep(0.5)
            wait_until(lambda: not [line for line in members(server.id).values() if "http-backend" in line])
            held.append((anonymous_memory(server.id), descriptors(server.id), len(members(server.id))))
        assert server.end() == 0, server.said()
        wait_until(lambda: not members(server.id), lambda: members(server.id))
        check_log(server.said())
    check_repository(repository, bare=True)
    told = f"{requests} requests; memory, open files and processes after each tenth: " + "; ".join(
        f"{memory / 1e6:.1f} MB, {files}, {processes}" for memory, files, processes in held
    )
    grown = [max(later) - now for now, *later in zip(*held[PARTS // 2 - 1 :], strict=True)]
    assert [most >= more for most, more in zip(GROWN, grown, strict=True)] == [True] * 3, told
    return told


if __name__ == "__main__":
    main()
