"""Reading the house's own source: which modules there are, and what each imports, calls and names."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import accord

HOUSE = Path(accord.__file__).parent


@dataclass(frozen=True)
class Source:
    """One file: its dotted name, where it is, and its syntax tree."""

    name: str
    path: Path
    tree: ast.Module

    def __str__(self) -> str:
        return self.name

    @property
    def imports(self) -> list[tuple[str, str, int]]:
        """(module, name or "", line) of every import, also inside functions and for type checking."""
        found = []
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                found += [(alias.name, "", node.lineno) for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                base = node.module or ""
                if node.level:
                    package = self.name.split(".") if self.path.name == "__init__.py" else self.name.split(".")[:-1]
                    base = ".".join([*package[: len(package) - node.level + 1], *([base] if base else [])])
                found += [(base, alias.name, node.lineno) for alias in node.names]
        return found

    @property
    def calls(self) -> list[tuple[str, int]]:
        """(spelling, line) of every call: `open`, `datetime.now`, `row.save`."""
        return [(ast.unparse(node.func), node.lineno) for node in ast.walk(self.tree) if isinstance(node, ast.Call)]

    @property
    def uses(self) -> set[str]:
        """Everything this file imports, as dotted names: `accord.policy.decide` and `accord.policy.decide.decide`."""
        modules = {module for module, _, _ in self.imports}
        return modules | {f"{module}.{name}" for module, name, _ in self.imports if name}


@cache
def house() -> tuple[Source, ...]:
    """Every Python file of the package except migrations."""
    return tuple(_sources())


def _sources() -> Iterator[Source]:
    for path in sorted(HOUSE.rglob("*.py")):
        if "migrations" in path.parts:
            continue
        parts = ("accord", *path.relative_to(HOUSE).with_suffix("").parts)
        name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        yield Source(name, path, ast.parse(path.read_text("utf-8")))


def named(*endings: str) -> list[Source]:
    """Files called `<ending>.py`, in any room."""
    return [source for source in house() if source.path.stem in endings]


#: Folders whose rooms stand beside each other.
FOLDERS = ("records", "coordination", "learning")


def rooms() -> list[Path]:
    """Directories that are rooms: each has its own README. The doors share one; folders of rooms have one too."""
    places = [*HOUSE.iterdir(), *(each for name in FOLDERS for each in (HOUSE / name).iterdir())]
    return sorted(each for each in places if (each / "__init__.py").exists() and each.name not in ("config", "demo"))
