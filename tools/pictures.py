"""The two pictures of docs/architecture.md, drawn from the code itself: `python -m tools.pictures` writes them.

`rooms.svg` has a row for each room, in the order of the import contract, with what its docstring says and the rooms that
it imports. `data.svg` follows one release: the functions that it passes through, each with the types that it takes and
gives as its own annotations say.
"""

from __future__ import annotations

import ast
import sys
import tomllib
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[1]
ROW, LEFT, WIDE = 38, 24, 1120
FOLLOWED = (
    "release.observe.world.observe",
    "release.decide.decide.decide",
    "release.plan.plan.forecast",
    "release.plan.plan.make_plan",
    "release.run.approval.by_run",
    "release.run.sequence.carry_out",
    "release.views.ending.outcome_lines",
)
INK = (
    "<style>text{fill:#1f2328}.dim{fill:#59636e}.name{font-weight:600}.line{stroke:#d1d9e0}.box{fill:#f6f8fa;stroke:#d1d9e0}"
    ".arrow{stroke:#59636e;fill:none}@media (prefers-color-scheme:dark){text{fill:#f0f6fc}.dim{fill:#9198a1}"
    ".line{stroke:#3d444d}.box{fill:#151b23;stroke:#3d444d}.arrow{stroke:#9198a1}}</style>"
)


@dataclass(frozen=True)
class Room:
    """A folder or module directly below `release`: what it says of itself, and the rooms that it imports, highest first."""

    name: str
    about: str
    imports: tuple[str, ...]


@dataclass(frozen=True)
class Passage:
    """A function that data passes through: the types of this project that it takes, and the one that it gives."""

    where: str
    takes: tuple[str, ...]
    gives: str


def rooms(root: Path = ROOT) -> tuple[Room, ...]:
    """Every room in the order of the import contract, from the top."""
    contracts = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"][
        "contracts"
    ]
    order = [name.strip() for layer in contracts[0]["layers"] for name in layer.split("|")]
    return tuple(_room(root / "release", name, order) for name in order)


def _room(package: Path, name: str, order: list[str]) -> Room:
    single = package / f"{name}.py"
    files = [single] if single.is_file() else sorted((package / name).rglob("*.py"))
    front = single if single.is_file() else package / name / "__init__.py"
    about = (ast.get_docstring(ast.parse(front.read_text("utf-8"))) or "").partition("\n")[0]
    used = {one for file in files for one in _imported(file)} - {name}
    return Room(name, about, tuple(one for one in order if one in used))


def _imported(file: Path) -> Iterator[str]:
    """The rooms that a file imports, for types too."""
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if not isinstance(node, ast.ImportFrom) or not node.module or node.level:
            continue
        parts = node.module.split(".")
        if parts[0] == "release":
            yield from parts[1:2] or [alias.name for alias in node.names]


def passages(root: Path = ROOT, followed: tuple[str, ...] = FOLLOWED) -> tuple[Passage, ...]:
    """The functions of `followed` as their annotations describe them. Raises LookupError for one that is not there."""
    return tuple(_passage(root, where) for where in followed)


def _passage(root: Path, where: str) -> Passage:
    module, _, name = where.rpartition(".")
    tree = ast.parse((root / f"{module.replace('.', '/')}.py").read_text("utf-8"))
    for node in tree.body:
        if isinstance(node, ast.FunctionDef) and node.name == name:
            arguments = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
            takes = [ast.unparse(one.annotation) for one in arguments if one.annotation is not None]
            return Passage(where, tuple(takes), ast.unparse(node.returns) if node.returns else "None")
    raise LookupError(f"{where} is not there; FOLLOWED in tools/pictures.py names it")


def draw_rooms(found: tuple[Room, ...]) -> str:
    """The picture of the rooms: imports point down, from a row to rows below it."""
    parts = [_text(LEFT, 26, "Imports point down: a room knows only rooms below it.", "dim")]
    for at, room in enumerate(found):
        y = 44 + at * ROW
        parts.append(
            f'<rect class="box" x="{LEFT}" y="{y}" width="{WIDE - 2 * LEFT}" height="{ROW - 6}" rx="5"/>'
        )
        parts.append(_text(LEFT + 12, y + 21, room.name, "name"))
        parts.append(_text(LEFT + 130, y + 14, _cut(room.about, 130)))
        parts.append(
            _text(LEFT + 130, y + 27, f"imports {', '.join(room.imports) or 'nothing'}", "dim", size=10)
        )
    return _svg(parts, 56 + len(found) * ROW, "The rooms of the house, from commands down to values")


def draw_data(found: tuple[Passage, ...]) -> str:
    """The picture of the data: each function with what it takes on its left and what it gives on its right."""
    parts: list[str] = []
    for at, passage in enumerate(found):
        y, module = 16 + at * 72, passage.where.removeprefix("release.")
        parts.append(f'<rect class="box" x="380" y="{y}" width="330" height="48" rx="5"/>')
        parts.append(_text(545, y + 21, module.rpartition(".")[2], "name", anchor="middle"))
        parts.append(
            _text(
                545, y + 38, f"release/{module.rpartition('.')[0].replace('.', '/')}.py", "dim", "middle", 11
            )
        )
        parts.append(_text(350, y + 28, _cut(", ".join(passage.takes), 56), "dim", "end", 11))
        parts.append(_text(740, y + 28, _cut(passage.gives, 60)))
        parts.append(
            f'<path class="arrow" d="M356 {y + 24}h20m-6 -4l6 4l-6 4M714 {y + 24}h20m-6 -4l6 4l-6 4"/>'
        )
        if at:
            parts.append(f'<path class="arrow" d="M545 {y - 22}v18m-4 -6l4 6l4 -6"/>')
    return _svg(parts, 24 + len(found) * 72, "One release: the functions that it passes through")


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"


def _text(x: int, y: int, text: str, style: str = "", anchor: str = "start", size: int = 12) -> str:
    return f'<text class="{style}" x="{x}" y="{y}" text-anchor="{anchor}" font-size="{size}">{escape(text)}</text>'


def _svg(parts: list[str], height: int, title: str) -> str:
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDE} {height}" role="img" '
    font = 'font-family="ui-sans-serif, system-ui, sans-serif">'
    return "\n".join((head + font, f"<title>{escape(title)}</title>", INK, *parts, "</svg>", ""))


def pictures(root: Path = ROOT) -> dict[str, str]:
    """File name in docs/ -> its content, as the code is now."""
    return {"rooms.svg": draw_rooms(rooms(root)), "data.svg": draw_data(passages(root))}


def main() -> None:
    """Write both into docs/."""
    for name, content in pictures().items():
        (ROOT / "docs" / name).write_text(content, "utf-8")
        sys.stdout.write(f"docs/{name}\n")


if __name__ == "__main__":
    main()
