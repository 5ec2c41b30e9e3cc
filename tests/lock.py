"""Resolves the dependencies into the files requirements*.lock, with hashes and without addresses."""

import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).parent.parent
OPTIONS = [
    "--quiet",
    "--generate-hashes",
    "--allow-unsafe",
    "--strip-extras",
    "--no-header",
    "--no-emit-index-url",
    "--no-emit-trusted-host",
    "--no-emit-find-links",
    "--no-emit-options",
    "--no-annotate",
    "--resolver=backtracking",
]


def lock(requirements: list[str], output: Path) -> None:
    """Write the locked form of *requirements* to *output*."""
    source = ROOT / ".cache" / f"{output.stem}.in"
    source.parent.mkdir(exist_ok=True)
    source.write_text("\n".join(requirements) + "\n")
    subprocess.run(
        [sys.executable, "-m", "piptools", "compile", *OPTIONS, "-o", str(output), str(source)],
        check=True,
        cwd=ROOT,
    )


def main() -> None:
    """Lock what serves first, then what tests, so that both agree."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    serve = [*project["project"]["dependencies"], *project["build-system"]["requires"], "editables"]
    lock(serve, ROOT / "requirements.lock")
    groups = project["dependency-groups"]
    lock([*serve, *groups["dev"], f"-c {ROOT / 'requirements.lock'}"], ROOT / "requirements-dev.lock")
    lock(groups["editor"], ROOT / "requirements-editor.lock")
    lock(groups["soak"], ROOT / "requirements-soak.lock")


if __name__ == "__main__":
    main()
