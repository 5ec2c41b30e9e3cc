"""The command line: exit codes, one-line errors, and what a person or a program reads."""

import json
import os
import stat
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from click.testing import CliRunner

import wiki
from tests.repositories import Repository, make
from tests.wiki.processes import ROOT, environment, quire
from wiki.cli import quire as command


@pytest.fixture
def runner() -> CliRunner:
    return CliRunner()


@pytest.fixture
def content(repository: Repository) -> Repository:
    repository.commit(
        {
            "index.md": "# Welcome\n",
            "f/llamas.md": "# All about llamas\n\nA llama is an animal.\n",
            "m.png": "x",
        }
    )
    return repository


def one_line(text: str) -> bool:
    return text.startswith("quire: ") and text.count("\n") == 1 and text.endswith("\n")


def test_the_version_is_the_one_that_is_published() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert wiki.__version__ == project["version"]
    assert quire("--version").stdout == f"quire, version {project['version']}\n"


def test_without_a_command_it_shows_the_commands() -> None:
    done = quire()
    assert done.returncode == 2
    for name in command.commands:
        assert f"  {name} " in done.stdout


@pytest.mark.parametrize("name", sorted(command.commands))
def test_each_command_explains_itself(runner: CliRunner, name: str) -> None:
    for flag in ("--help", "-h"):
        done = runner.invoke(command, [name, flag])
        assert done.exit_code == 0
        assert "Usage:" in done.output


@pytest.mark.parametrize(
    "arguments",
    [
        ["nonsense"],
        ["serve", "--nonsense"],
        ["serve", "--port", "many"],
        ["serve", "--port", "70000"],
        ["search"],
        ["search", "x", "--repo", "/no/such/folder"],
        ["index", "/no/such/folder"],
        ["index", "/"],
        ["serve", "/dev/null"],
        ["serve", "--config", "/no/such/file"],
        ["init"],
        ["init", "/proc/no/such/place"],
        ["init", "x", "--from", "/no/such/folder"],
    ],
    ids=" ".join,
)
def test_wrong_use_is_one_line_and_exit_2(arguments: list[str], tmp_path: Path) -> None:
    done = quire(*arguments, cwd=tmp_path)
    assert done.returncode == 2
    assert one_line(done.stderr), done.stderr
    assert done.stdout == ""


def test_a_wrong_setting_is_one_line_and_exit_2(content: Repository) -> None:
    done = quire("index", content.path, QUIRE_PROT="1")
    assert done.returncode == 2
    assert (
        done.stderr
        == "quire: QUIRE_PROT in the environment has no setting 'prot'; did you mean root or port?\n"
    )


def test_a_branch_or_root_that_is_not_there_is_said(content: Repository) -> None:
    for option in ("--branch", "--root"):
        done = quire("search", "x", "--repo", content.path, option, "missing")
        assert done.returncode in {1, 2}
        assert "Traceback" not in done.stderr


def test_no_option_reaches_git(content: Repository, tmp_path: Path) -> None:
    for option in ("--branch", "--root"):
        done = quire("search", "x", "--repo", content.path, option, f"--output={tmp_path / 'written'}")
        assert "Traceback" not in done.stderr
    assert not (tmp_path / "written").exists()


# -- index


def test_index_says_how_many_pages_at_which_commit(content: Repository) -> None:
    head = content.git("rev-parse", "main")
    for arguments in ((), ("--rebuild",), ()):
        done = quire("index", content.path, *arguments)
        assert (done.returncode, done.stdout) == (0, f"2 pages at {head[:10]}\n")


def test_index_tells_its_progress_on_the_error_stream(content: Repository) -> None:
    assert quire("index", content.path).stderr.splitlines() == [
        "reading history: 1",
        "reading pages: 2",
        "indexing: 2",
    ]
    assert quire("index", content.path).stderr == ""
    assert "indexing: 2" in quire("index", content.path, "--rebuild").stderr


def test_an_empty_repository_can_be_indexed(repository: Repository) -> None:
    done = quire("index", repository.path)
    assert (done.returncode, done.stdout) == (0, "0 pages at no commit\n")


def test_derived_data_is_for_its_owner_only(content: Repository, tmp_path: Path) -> None:
    quire("index", content.path)
    assert stat.S_IMODE((content.path / "quire").stat().st_mode) == 0o700
    quire("index", content.path, "--cache", tmp_path / "elsewhere")
    assert stat.S_IMODE((tmp_path / "elsewhere").stat().st_mode) == 0o700
    (tmp_path / "shared").mkdir(mode=0o755)
    quire("index", content.path, "--cache", tmp_path / "shared")
    assert stat.S_IMODE((tmp_path / "shared").stat().st_mode) == 0o755


def test_two_wikis_may_share_a_folder_for_derived_data(tmp_path: Path) -> None:
    for name in ("one", "two"):
        make(tmp_path / name).commit({f"{name}.md": "Llamas.\n"})
    for name in ("one", "two", "one"):
        done = quire("search", "--repo", tmp_path / name, "--cache", tmp_path / "cache", "llamas")
        assert [line for line in done.stdout.splitlines() if ".md" in line] == [f"{name}  {name}.md"]


def test_derived_data_may_be_deleted_and_damaged(content: Repository) -> None:
    quire("index", content.path)
    for file in sorted((content.path / "quire").rglob("*")):
        if file.is_file():
            file.write_bytes(b"nonsense" * 1_000)
    done = quire("search", "llamas", "--repo", content.path)
    assert done.returncode == 0, done.stderr
    assert "f/llamas.md" in done.stdout


def test_a_cache_that_cannot_be_made_is_one_line(content: Repository) -> None:
    done = quire("index", content.path, "--cache", "/proc/quire")
    assert done.returncode == 2
    assert one_line(done.stderr)


# -- search


def test_search_prints_what_it_finds(content: Repository) -> None:
    done = quire("search", "--repo", content.path, "llama", "animal")
    assert done.returncode == 0
    assert done.stdout.splitlines()[0] == "All about llamas  f/llamas.md"
    assert "animal" in done.stdout


def test_search_exits_1_when_there_is_nothing(content: Repository) -> None:
    done = quire("search", "--repo", content.path, "zebra")
    assert (done.returncode, done.stdout) == (1, "")
    assert "nothing found" in done.stderr


def test_search_gives_json_to_programs(content: Repository) -> None:
    head = content.git("rev-parse", "main")
    done = quire("search", "--repo", content.path, "--json", "llama")
    told = json.loads(done.stdout)
    assert told["commit"] == head
    assert told["more"] is False
    assert told["results"][0]["path"] == "f/llamas.md"
    assert told["results"][0]["title"] == "All about llamas"
    assert told["results"][0]["url"].startswith("/f/llamas")
    nothing = quire("search", "--repo", content.path, "--json", "zebra")
    assert nothing.returncode == 1
    assert json.loads(nothing.stdout)["results"] == []


def test_search_takes_queries_that_look_like_options(content: Repository) -> None:
    done = quire("search", "--repo", content.path, "--", "llama", "-zebra")
    assert done.returncode == 0
    assert "f/llamas.md" in done.stdout


def test_search_works_in_the_folder_of_a_repository(tmp_path: Path) -> None:
    repository = make(tmp_path / "work", bare=False)
    repository.commit({"docs/a.md": "Llamas.\n", "b.md": "Llamas.\n"})
    repository.git("reset", "-q", "--hard")
    done = quire("search", "llamas", cwd=repository.path / "docs")
    assert "a.md" in done.stdout
    assert "b.md" not in done.stdout


def test_control_characters_in_titles_do_not_reach_the_terminal(repository: Repository) -> None:
    repository.commit({"a.md": '---\ntitle: "\\e[31mred\\a\u202e"\n---\nLlamas \x1b[2J here.\n'})
    done = quire("search", "--repo", repository.path, "llamas")
    assert done.returncode == 0
    for control in "\x1b\a\u202e":
        assert control not in done.stdout


def test_a_reader_who_stops_reading_is_no_error(content: Repository) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(
        [sys.executable, "-m", "wiki", "search", "--repo", content.path, "llama"],
        stdout=writing,
        stderr=subprocess.PIPE,
        env=environment(),
        text=True,
        check=False,
    )
    os.close(writing)
    assert "Traceback" not in done.stderr


# -- init


def test_init_makes_a_repository_with_starter_pages(tmp_path: Path) -> None:
    done = quire("init", tmp_path / "new")
    assert done.returncode == 0, done.stderr
    assert f"quire serve {tmp_path / 'new'}" in done.stdout
    made = Repository(tmp_path / "new")
    made.check()
    assert "help/syntax.md" in made.git("ls-tree", "-r", "--name-only", "main").splitlines()
    assert quire("search", "--repo", made.path, "syntax").returncode == 0


def test_init_takes_pages_without_history(tmp_path: Path) -> None:
    pages = tmp_path / "pages"
    (pages / "f").mkdir(parents=True)
    (pages / ".hidden").mkdir()
    (pages / "a.md").write_bytes(b"A\r\n")
    (pages / "f" / "b b.md").write_text("B", encoding="utf-8")
    (pages / ".hidden" / "c.md").write_text("C", encoding="utf-8")
    (pages / "link.md").symlink_to("/etc/passwd")
    done = quire("init", tmp_path / "new", "--from", pages)
    assert done.returncode == 0, done.stderr
    assert "2 files" in done.stdout
    made = Repository(tmp_path / "new")
    assert made.git("ls-tree", "-r", "-z", "--name-only", "main").split("\0")[:-1] == ["a.md", "f/b b.md"]
    assert made.git("rev-list", "--count", "main") == "1"
    assert made.git("cat-file", "blob", "main:a.md") == "A\r"
    made.check()


def test_init_brings_the_history_of_committed_pages(tmp_path: Path) -> None:
    around = make(tmp_path / "around", bare=False, branch="trunk")
    first = around.commit({"wiki/a.md": "One\n", "code.py": "1"}, branch="trunk", message="Begin")
    second = around.commit({"wiki/a.md": "One\n", "code.py": "2"}, first, branch="trunk", message="Code only")
    around.commit({"wiki/a.md": "Two\n", "code.py": "2"}, second, branch="trunk", message="Write")
    around.git("reset", "-q", "--hard")
    done = quire("init", tmp_path / "new", "--from", around.path / "wiki")
    assert done.returncode == 0, done.stderr
    made = Repository(tmp_path / "new")
    assert made.git("log", "--format=%s", "main").splitlines() == ["Write", "Begin"]
    assert made.git("ls-tree", "-r", "--name-only", "main") == "a.md"
    assert made.git("for-each-ref", "--format=%(refname)") == "refs/heads/main"
    assert made.git("remote") == ""
    assert around.git("for-each-ref", "--format=%(refname)") == "refs/heads/trunk"
    made.check()


def test_init_takes_pages_as_they_are_when_they_differ_from_what_is_committed(tmp_path: Path) -> None:
    around = make(tmp_path / "around", bare=False)
    around.commit({"wiki/a.md": "One\n"})
    around.git("reset", "-q", "--hard")
    (around.path / "wiki" / "a.md").write_text("Changed\n", encoding="utf-8")
    done = quire("init", tmp_path / "new", "--from", around.path / "wiki")
    assert done.returncode == 0, done.stderr
    assert Repository(tmp_path / "new").git("cat-file", "blob", "main:a.md") == "Changed"


def test_init_takes_only_an_empty_place(tmp_path: Path) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "precious").write_text("x", encoding="utf-8")
    (tmp_path / "file").write_text("x", encoding="utf-8")
    for name in ("full", "file"):
        done = quire("init", tmp_path / name)
        assert done.returncode == 2
        assert one_line(done.stderr)
        assert "exists already" in done.stderr
    assert (tmp_path / "full" / "precious").read_text(encoding="utf-8") == "x"
    (tmp_path / "empty").mkdir()
    assert quire("init", tmp_path / "empty").returncode == 0


def test_init_leaves_nothing_behind_when_it_fails(tmp_path: Path) -> None:
    (tmp_path / "pages").mkdir()
    (tmp_path / "pages" / "bad\u202e.md").write_text("x", encoding="utf-8")
    done = quire("init", tmp_path / "new", "--from", tmp_path / "pages")
    assert done.returncode == 2
    assert one_line(done.stderr)
    assert "rename it" in done.stderr
    assert not (tmp_path / "new").exists()
    (tmp_path / "nothing").mkdir()
    done = quire("init", tmp_path / "new", "--from", tmp_path / "nothing")
    assert done.returncode == 2
    assert "holds no files" in done.stderr
    assert not (tmp_path / "new").exists()


def test_init_does_not_depend_on_the_settings_of_git(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    (home / ".gitconfig").write_text(
        "[init]\ndefaultBranch = other\ntemplateDir = /no/such\n[core]\nautocrlf = true\nhooksPath = /tmp\n"
        "[commit]\ngpgSign = true\n",
        encoding="utf-8",
    )
    pages = tmp_path / "pages"
    pages.mkdir()
    (pages / "a.md").write_bytes(b"A\r\n")
    done = quire("init", tmp_path / "new", "--from", pages, HOME=str(home))
    assert done.returncode == 0, done.stderr
    assert Repository(tmp_path / "new").git("cat-file", "blob", "main:a.md") == "A\r"
