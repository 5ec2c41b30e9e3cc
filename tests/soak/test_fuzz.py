"""An hour of coverage-guided fuzzing of the parser and the merge; what makes them fail is kept and shown."""

import importlib.util
import subprocess
import sys
from pathlib import Path
from tempfile import mkdtemp

import pytest

TARGETS = ("markup", "merge")
INPUT_SECONDS = 60  # that one input may take; what takes longer is a finding
MEMORY = 2_000  # megabytes that the process may take

ROOT = Path(__file__).parents[2]
NONE = f"there is no atheris for Python {sys.version_info.major}.{sys.version_info.minor} here: FUZZING WAS LEFT OUT"


@pytest.mark.skipif(importlib.util.find_spec("atheris") is None, reason=NONE)
@pytest.mark.parametrize("target", TARGETS)
def test_no_input_makes_it_fail(target: str, request: pytest.FixtureRequest) -> None:
    seconds = int(request.config.getoption("--fuzz-seconds")) // len(TARGETS)
    folder = Path(mkdtemp(prefix=f"quire-fuzz-{target}-"))
    options = [
        f"-max_total_time={seconds}",
        f"-artifact_prefix={folder}/",
        f"-timeout={INPUT_SECONDS}",
        f"-rss_limit_mb={MEMORY}",
        "-print_final_stats=1",
    ]
    command = [sys.executable, "-m", "tests.soak.fuzzing", target, str(folder / "corpus"), *options]
    with (folder / "log").open("wb") as log:
        done = subprocess.run(command, cwd=ROOT, stdout=log, stderr=subprocess.STDOUT, check=False)
    said = (folder / "log").read_text(errors="replace")
    found = [
        path for path in sorted(folder.iterdir()) if path.name.startswith(("crash-", "timeout-", "oom-"))
    ]
    for path in found:
        print(f"\n{target} fails on what is in {path}:\n{path.read_bytes()!r}")
    assert done.returncode == 0, f"{said[-5_000:]}\nall of it is in {folder}"
    assert not found
    print(
        f"\n{target}: {next((line for line in said.splitlines() if line.startswith('Done ')), said[-200:])}"
    )
