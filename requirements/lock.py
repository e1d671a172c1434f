"""Write the lock files from pyproject.toml with uv, or check that they are what uv would write.

Run by `make lock` and `make check`. A check keeps the pinned versions: it fails when pyproject.toml asks for something
they do not give, not when something newer appears.
"""

import difflib
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
LOCKS = {"run.txt": ["--group=build"], "dev.txt": ["--group=build", "--group=dev"]}
OFFLINE = ("error sending request", "dns error", "Failed to fetch", "Connection refused", "timed out")


def compile_to(target: Path, options: list[str], *, upgrade: bool) -> subprocess.CompletedProcess[str]:
    fixed = "--universal --python-version=3.11 --generate-hashes --no-header --no-annotate --quiet --no-config"
    uv = shutil.which("uv", path=str(Path(sys.executable).parent))
    if uv is None:
        sys.exit("uv is not in this environment: run `make check` or `make lock`, which bring it.")
    command = [uv, "pip", "compile", "pyproject.toml", *fixed.split(), *options, "--output-file", str(target)]
    return subprocess.run(
        [*command, *(["--upgrade"] if upgrade else [])], cwd=HERE.parent, capture_output=True, text=True, check=False
    )


def check() -> None:
    wrong = []
    with tempfile.TemporaryDirectory() as scratch:
        for name, options in LOCKS.items():
            copy = Path(scratch) / name
            shutil.copy(HERE / name, copy)
            done = compile_to(copy, options, upgrade=False)
            if done.returncode != 0 and any(word in done.stderr for word in OFFLINE):
                print("NOT CHECKED: no package index can be reached, so the lock files were not compared.", flush=True)
                return
            if done.returncode != 0:
                sys.exit(f"requirements/{name} cannot be made from pyproject.toml:\n{done.stderr}")
            before, after = (path.read_text().splitlines() for path in (HERE / name, copy))
            changes = [line for line in difflib.unified_diff(before, after, n=0, lineterm="") if "==" in line]
            if before != after:
                wrong += [f"requirements/{name} is not up to date: run `make lock`.", *changes[:10]]
    if wrong:
        sys.exit("\n".join(wrong))
    print("Lock files are up to date.")


def write() -> None:
    for name, options in LOCKS.items():
        done = compile_to(HERE / name, options, upgrade=True)
        if done.returncode != 0:
            sys.exit(done.stderr)


if __name__ == "__main__":
    check() if sys.argv[1:] == ["--check"] else write()
