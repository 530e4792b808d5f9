"""The man pages, from the same source as the helps: `python -m tools.man_pages` writes them to docs/man."""

from __future__ import annotations

from importlib.metadata import version
from typing import TYPE_CHECKING

from release.commands.help.manual import GLOBAL, meaning, spelled
from release.commands.help.topics import TOPICS
from tools.commands_page import ROOT, pages

if TYPE_CHECKING:
    from collections.abc import Iterator

    from release.commands.help.manual import Page

FOLDER = ROOT / "docs" / "man"


def written() -> dict[str, str]:
    """Every page by its file name."""
    found = {f"{name(one)}.1": "\n".join(_page(one)) + "\n" for one in pages().values()}
    return {"inv.1": "\n".join(_whole()) + "\n", **found}


def name(page: Page) -> str:
    """What a page is called: inv-release, inv-rehearsal-start."""
    return f"inv-{page.name.removesuffix('.NAME').replace('.', '-')}"


def main() -> None:
    """Renew the pages."""
    FOLDER.mkdir(exist_ok=True)
    made = written()
    for old in FOLDER.glob("*.1"):
        if old.name not in made:
            old.unlink()
    for file, text in made.items():
        (FOLDER / file).write_text(text, "utf-8")


def _page(page: Page) -> Iterator[str]:
    yield from _head(name(page))
    yield from (".SH NAME", f"{_said(name(page))} \\- {_said(page.summary.rstrip('.'))}")
    yield from (".SH SYNOPSIS", f".B {_said(page.usage)}")
    if page.text:
        yield ".SH DESCRIPTION"
        yield from _paragraphs(page.text)
    yield ".SH OPTIONS"
    rows = [(spelled(option).strip(), meaning(option, default)) for option, default in page.options]
    yield from _rows([*rows, *GLOBAL])
    yield from (".SH EXAMPLE", ".nf", _said(page.example), ".fi", ".SH SEE ALSO", ".BR inv (1)")


def _whole() -> Iterator[str]:
    yield from _head("inv")
    yield from (".SH NAME", "inv \\- release a Cloudflare Workers monorepo")
    yield from (".SH SYNOPSIS", ".B inv COMMAND [OPTIONS]", ".SH COMMANDS")
    yield from _rows(
        [(f"inv {one.name}", f"{one.summary.rstrip('.')}: see {name(one)}(1)") for one in pages().values()]
    )
    for topic in TOPICS.values():
        yield f".SH {_said(topic.title.upper())}"
        yield from _paragraphs(topic.paragraphs)
        yield from _rows(topic.table)


def _head(title: str) -> Iterator[str]:
    yield f'.TH {_said(title.upper())} 1 "" "cms\\-release {_said(version("cms-release"))}"'
    yield from (".nh", ".ad l")


def _paragraphs(texts: tuple[str, ...] | list[str]) -> Iterator[str]:
    for text in texts:
        yield from (".PP", _said(text))


def _rows(rows: tuple[tuple[str, str], ...] | list[tuple[str, str]]) -> Iterator[str]:
    for words, text in rows:
        yield from (".TP", f".B {_said(words)}", _said(text))


def _said(text: str) -> str:
    """A text as roff takes it: no dash is broken, and no line begins a request."""
    plain = text.replace("\\", "\\e").replace("-", "\\-")
    return f"\\&{plain}" if plain.startswith((".", "'")) else plain


if __name__ == "__main__":
    main()
