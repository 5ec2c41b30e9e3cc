"""The wheel holds all that a server needs: it runs from there, with themes and starter pages."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Unpack the wheel, which is all that installing a pure one does, into a folder."""
    folder = tmp_path_factory.mktemp("wheel")
    build = "from hatchling.build import build_wheel; import sys; print(build_wheel(sys.argv[1]))"
    done = subprocess.run(
        [sys.executable, "-c", build, str(folder)], cwd=ROOT, capture_output=True, text=True, check=True
    )
    with zipfile.ZipFile(folder / done.stdout.split()[-1]) as wheel:
        wheel.extractall(folder / "installed")
    return folder / "installed"


def run(installed: Path, *arguments: str) -> str:
    environment = os.environ | {"PYTHONPATH": str(installed)}
    command = [sys.executable, "-P", "-m", "wiki", *arguments]
    done = subprocess.run(command, cwd=installed.parent, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_it_holds_themes_and_pages_and_no_tests(installed: Path) -> None:
    shipped = installed / "wiki" / "_shipped"
    assert (shipped / "themes" / "default" / "templates" / "layout.html").is_file()
    assert (shipped / "pages" / "help" / "syntax.md").is_file()
    assert not (installed / "tests").exists()


def test_it_holds_the_editor_where_that_was_built_and_not_what_it_was_built_from(installed: Path) -> None:
    theme = installed / "wiki" / "_shipped" / "themes" / "default"
    built = "themes/default/static/js/editor.js"
    assert (theme / "static" / "js" / "editor.js").is_file() == (ROOT / built).is_file()
    assert (theme / "static" / "js" / "editing" / "drafts.js").is_file()
    assert not (theme / "editor").exists()


def test_it_makes_a_wiki_and_finds_its_pages(installed: Path) -> None:
    run(installed, "init", "content")
    assert "llama-organization.md" in run(installed, "search", "--repo", "content", "llama", "organization")
