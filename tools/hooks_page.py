"""The list of hooks in docs/plugins.md, written from the specifications: `python -m tools.hooks_page`."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import TYPE_CHECKING

from release.extensions.signatures import hooks
from release.hookspecs import PROJECT, Hooks
from tools.marks import Marks

if TYPE_CHECKING:
    from collections.abc import Callable

PAGE = Path(__file__).parents[1] / "docs" / "plugins.md"
BEGIN = "<!-- hooks: written by python -m tools.hooks_page -->\n"
END = "<!-- end of the hooks -->\n"


def listed() -> str:
    """The hooks in Markdown: those that answer, then those that observe, in the order of the specifications."""
    functions = {name: vars(Hooks)[name] for name in hooks()}
    observers = {
        name: one for name, one in functions.items() if inspect.signature(one).return_annotation == "None"
    }
    answers = {name: one for name, one in functions.items() if name not in observers}
    parts = ["## Hooks that answer\n", *(_entry(*one) for one in answers.items())]
    parts += ["## Hooks that observe\n", *(_entry(*one) for one in observers.items())]
    return "\n".join(parts)


def page(text: str) -> str:
    """The page with its list renewed. Raises ValueError where the two marks are not in it."""
    return Marks(PAGE.name, "hooks", BEGIN, END).renewed(text, listed())


def main() -> None:
    """Renew the page."""
    PAGE.write_text(page(PAGE.read_text("utf-8")), "utf-8")


def _entry(name: str, function: Callable[..., object]) -> str:
    signature = inspect.signature(function)
    arguments = [f"`{one.name}: {one.annotation}`" for one in list(signature.parameters.values())[1:]]
    options = getattr(function, f"{PROJECT}_spec")
    counts = "\n\nThe first answer counts." if options["firstresult"] else ""
    returned = (
        f"\n\nReturns `{signature.return_annotation}`." if signature.return_annotation != "None" else ""
    )
    return f"### `{name}`\n\n{inspect.getdoc(function)}{counts}\n\nGets {', '.join(arguments)}.{returned}\n"


if __name__ == "__main__":
    main()
