"""Another repository over https: credentials, redirects, and what is said where it does not answer."""

import base64
import os
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from engine.errors import RemoteError
from engine.remote_address import RemoteAddress, remote_address
from engine.store import git_remote
from engine.store.git_remote import GitRemote
from engine.store.git_store import GitStore
from tests import repositories
from tests.repositories import Repository

TOKEN = "s3cret-of-nobody-else"


@dataclass
class Forge:
    """Answers git over https, as it is told."""

    port: int = 0
    redirect: str = ""
    silent: bool = False
    heard: list[str] = field(default_factory=list)  # what came as Authorization

    @property
    def url(self) -> str:
        return f"https://localhost:{self.port}/team/wiki.git"


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a certificate that only this test trusts."""
    file = tmp_path_factory.mktemp("tls") / "both.pem"
    subprocess.run(
        [
            *(
                "openssl",
                "req",
                "-x509",
                "-newkey",
                "rsa:2048",
                "-nodes",
                "-days",
                "2",
                "-subj",
                "/CN=localhost",
            ),
            *("-addext", "subjectAltName=DNS:localhost", "-keyout", str(file), "-out", str(file) + ".crt"),
        ],
        check=True,
        capture_output=True,
    )
    file.write_bytes(file.read_bytes() + Path(f"{file}.crt").read_bytes())
    return file


@pytest.fixture
def forge(certificate: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Forge]:
    told = Forge()
    leave = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            given = self.headers.get("Authorization", "")
            told.heard.append(given)
            if told.silent:
                leave.wait(60)
            elif told.redirect:
                self.send_response(302)
                self.send_header("Location", told.redirect)
                self.send_header("Content-Length", "0")
                self.end_headers()
            elif given:
                self.send_response(403)
                self.send_header("Content-Length", "0")
                self.end_headers()
            else:
                self.send_response(401)
                self.send_header("WWW-Authenticate", 'Basic realm="forge"')
                self.send_header("Content-Length", "0")
                self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    told.port = server.server_address[1]
    config = tmp_path / "gitconfig"
    config.write_text(f"[http]\n\tsslCAInfo = {certificate}.crt\n")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(config))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield told
    leave.set()
    server.shutdown()
    server.server_close()


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    made = repositories.make(tmp_path / "here")
    made.commit({"Home.md": "# Home\n"})
    return made


@pytest.fixture
def token(tmp_path: Path) -> Path:
    file = tmp_path / "token of it's own"
    file.write_text(f"{TOKEN}\n")
    return file


def remote(repository: Repository, place: RemoteAddress | str, token: Path | None = None) -> GitRemote:
    where = remote_address(place) if isinstance(place, str) else place
    return GitStore.open(repository.path).remote(where, token_file=token)


def basic(user: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


def test_a_token_is_given_where_it_is_asked_for(forge: Forge, repository: Repository, token: Path) -> None:
    with pytest.raises(RemoteError, match="403") as caught:
        remote(repository, forge.url, token).fetch()
    assert forge.heard == ["", basic(git_remote.NAME, TOKEN)]
    assert TOKEN not in str(caught.value)


def test_a_token_may_name_its_user(forge: Forge, repository: Repository, token: Path) -> None:
    token.write_text(f"oauth2:{TOKEN}")  # and no line end
    with pytest.raises(RemoteError):
        remote(repository, forge.url, token).fetch()
    assert forge.heard[-1] == basic("oauth2", TOKEN)


def test_without_a_token_nobody_is_asked(forge: Forge, repository: Repository) -> None:
    with pytest.raises(RemoteError, match=r"could not read|Authentication failed|terminal prompts"):
        remote(repository, forge.url).fetch()
    assert set(forge.heard) == {""}


def test_a_token_goes_to_no_other_host(forge: Forge, repository: Repository, token: Path) -> None:
    place = RemoteAddress(f"https://127.0.0.1:{forge.port}/team/wiki.git", "https")
    there = GitStore.open(repository.path).remote(
        remote_address("https://example.org/x.git"), token_file=token
    )
    there._place = place  # the address alone: the credentials stay those of the other host
    with pytest.raises(RemoteError):
        there.fetch()
    assert not any(TOKEN in base64.b64decode(each.partition(" ")[2]).decode() for each in forge.heard if each)


def test_a_token_is_in_no_list_of_processes(
    forge: Forge, repository: Repository, token: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    forge.silent = True
    there, said = remote(repository, forge.url, token), list[str]()

    def fetch() -> None:
        try:
            there.fetch()
        except RemoteError as error:
            said.append(str(error))

    thread = threading.Thread(target=fetch)
    thread.start()
    end = time.monotonic() + 30
    while not forge.heard:
        assert time.monotonic() < end
        time.sleep(0.01)
    seen = 0
    for process in Path("/proc").iterdir():
        if process.name.isdecimal():
            try:
                both = (process / "cmdline").read_bytes(), (process / "environ").read_bytes()
            except OSError:
                continue
            if b"ls-remote" in both[0]:
                seen += 1
                assert not any(TOKEN.encode() in each for each in both)
    assert seen
    there.close()
    thread.join(30)
    assert said == ["the wiki ends"]


def test_a_redirect_is_not_followed(forge: Forge, repository: Repository, token: Path) -> None:
    forge.redirect = f"https://127.0.0.1:{forge.port}/inside.git/info/refs?service=git-upload-pack"
    with pytest.raises(RemoteError, match="redirects are not followed"):
        remote(repository, forge.url, token).fetch()
    assert len(forge.heard) == 1


def test_what_takes_too_long_is_ended(
    forge: Forge, repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    forge.silent = True
    monkeypatch.setattr(git_remote, "SECONDS", 0.5)
    with pytest.raises(RemoteError, match="took longer"):
        remote(repository, forge.url).fetch()


@pytest.mark.parametrize(
    "protocol", ["ext::sh -c 'touch pwned'", "http://127.0.0.1:1/x", "git://127.0.0.1/x"]
)
def test_git_speaks_nothing_but_the_protocol_of_the_address(
    repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, protocol: str
) -> None:
    """Also where the settings of the host replace the address."""
    config = tmp_path / "gitconfig"
    config.write_text(f'[url "{protocol}"]\n\tinsteadOf = https://example.org/x.git\n')
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(config))
    with pytest.raises(RemoteError, match="not allowed"):
        remote(repository, "https://example.org/x.git").fetch()
    assert not (repository.path / "pwned").exists()


def test_what_a_killed_git_has_left_is_removed(
    repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = repositories.make(tmp_path / "there")
    there = remote(repository, RemoteAddress(str(other.path), "file"))
    there.push(repository.git("rev-parse", "main"))
    lock = repository.path / f"{there._seen.reference}.lock"
    lock.touch()
    os.utime(lock, (0, 0))
    left = repository.path / "objects" / "pack" / "tmp_pack_x"
    left.touch()
    os.utime(left, (0, 0))
    commit = repository.commit({"Home.md": "# Other\n"}, repository.git("rev-parse", "main"))
    there.push(commit)
    assert there.seen() == commit
    other.commit({"Home.md": "# Theirs\n"}, commit)
    assert there.fetch() != commit
    assert not left.exists()


def test_a_branch_of_another_name(repository: Repository, tmp_path: Path) -> None:
    other = repositories.make(tmp_path / "there")
    store = GitStore.open(repository.path)
    there = store.remote(RemoteAddress(str(other.path), "file"), "wiki/main")
    head = repository.git("rev-parse", "main")
    there.push(head)
    assert other.git("rev-parse", "refs/heads/wiki/main") == head
    assert there.fetch() == head


@pytest.mark.parametrize("branch", ["-x", "a..b", "a b", "x.lock", "@{-1}"])
def test_what_cannot_be_a_branch(repository: Repository, branch: str) -> None:
    with pytest.raises(Exception, match="cannot be the name of a branch"):
        GitStore.open(repository.path).remote(RemoteAddress("/x", "file"), branch)
