"""What is wrong with the types and keys of a table, each with its exact path, and the line where it stands.

msgspec stops at the first problem, and its paths leave out some keys; this runs only after it has refused.
"""

from __future__ import annotations

import bisect
import re
import tomllib
from types import UnionType
from typing import TYPE_CHECKING, Annotated, Any, Union, get_args, get_origin

import msgspec

from release.formats.suggestion import did_you_mean
from release.frozen import Frozen

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

Path = tuple[str | int, ...]

_WORDS = {
    "str": "a text in quotes",
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "array": "an array",
    "object": "a table",
    "null": "nothing",
}
_UNIONS = (Union, UnionType)  # `X | None` is the former where X is annotated
_NAMED_TYPES = re.compile(r"`(\w+(?: \| \w+)*)`")
_LONGEST_SHOWN = 60


class Fault(Frozen, frozen=True):
    """One problem: the keys and indices (from 0) that lead to it below [tool.release], and what is wrong."""

    path: Path
    problem: str


def faults(value: object, kind: Any, path: Path = ()) -> list[Fault]:  # noqa: ANN401 - any type expression
    """Return every problem of `value` as a `kind`, a type that msgspec knows; none when it converts."""
    try:
        msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        shape = bare(kind)
        found = list(_of_keys(value, shape, path))
        for key, part, part_kind in parts_of(value, shape):
            found += faults(part, part_kind, (*path, key))
        return found or [Fault(path, _sentence(str(error), value, kind))]
    return []


def spelled(path: Path) -> str:
    """Return the path as a person would write it: tool.release.workers[1].name."""
    parts = (f"[{key}]" if isinstance(key, int) else f".{_quoted(key)}" for key in path)
    return "tool.release" + "".join(parts)


def line_of(text: str, path: Path) -> int:
    """Return the line (from 1) of the TOML document `text` where `path`, or else its parent, begins."""
    lines = [f"{line}\n" for line in text.split("\n")]  # splitlines knows more line ends than TOML
    document = tomllib.loads(text)
    while path and not _holds(document, path):
        path = path[:-1]

    def begun(count: int) -> bool:
        # The head of a document parses where a statement ends: go there from within a statement.
        heads = (_parsed("".join(lines[:end])) for end in range(count, len(lines) + 1))
        return _holds(next(head for head in heads if head is not None), path)

    first = bisect.bisect_left(range(len(lines) + 1), True, key=begun)  # noqa: FBT003
    return _within_statement(lines, max(first, 1), path)


def nearest(word: str, known: Iterable[str]) -> str:
    """Return the sentence part that names the nearest known word, or all of them."""
    known = list(known)
    return did_you_mean(word, known, otherwise=f"known: {', '.join(known)}")


def _of_keys(value: object, kind: Any, path: Path) -> Iterator[Fault]:  # noqa: ANN401
    if not isinstance(value, dict):
        return
    if get_origin(kind) is dict:
        for key in value:
            yield from faults(key, get_args(kind)[0], (*path, key))
    if not _is_struct(kind):
        return
    fields = {field.name: field for field in msgspec.structs.fields(kind)}
    for key in [key for key in value if key not in fields]:
        yield Fault((*path, key), f"unknown key; {nearest(key, fields)}")
    for name, field in fields.items():
        if field.required and name not in value:
            yield Fault(path, f'the key "{name}" is missing: {_meaning(field.type)}')


def parts_of(value: object, kind: Any) -> Iterator[tuple[str | int, object, Any]]:  # noqa: ANN401
    """Key or index, value and type of each part of a table or an array of the right shape; `kind` as `bare` gives it."""
    if isinstance(value, dict) and _is_struct(kind):
        kinds = {field.name: field.type for field in msgspec.structs.fields(kind)}
        yield from ((key, part, kinds[key]) for key, part in value.items() if key in kinds)
    elif isinstance(value, dict) and get_origin(kind) is dict:
        yield from ((key, part, get_args(kind)[1]) for key, part in value.items())
    elif isinstance(value, (list, tuple)) and get_origin(kind) is tuple:
        yield from ((index, part, get_args(kind)[0]) for index, part in enumerate(value))


def _sentence(message: str, value: object, kind: Any) -> str:  # noqa: ANN401
    """Msgspec's message in a reader's words."""
    said = message.partition(" - at ")[0].replace(" | null", "")
    example = next((meta.examples[0] for meta in metas(kind) if meta.examples), None)
    if "matching regex" in said and example is not None:
        said = f'Expected a text such as "{example}"'
    said = _NAMED_TYPES.sub(_types, said.partition(", got ")[0])
    shown = repr(value)
    if len(shown) > _LONGEST_SHOWN:
        shown = f"{shown[:_LONGEST_SHOWN]}..."
    return f"{said[:1].lower()}{said[1:]}, found {shown}"


def _types(found: re.Match[str]) -> str:
    """The types that one of msgspec's messages names, in a reader's words."""
    return " or ".join(_WORDS.get(name, name) for name in found[1].split(" | "))


def _meaning(kind: Any) -> str:  # noqa: ANN401
    return next((meta.description for meta in metas(kind) if meta.description), "it is needed.")


def metas(kind: Any) -> Iterator[msgspec.Meta]:  # noqa: ANN401
    """A type's annotations, the outermost first, which msgspec's own order is not."""
    if get_origin(kind) is Annotated:
        inner, *annotations = get_args(kind)
        yield from (meta for meta in reversed(annotations) if isinstance(meta, msgspec.Meta))
        yield from metas(inner)
    elif get_origin(kind) in _UNIONS:
        for member in get_args(kind):
            yield from metas(member)


def bare(kind: Any) -> Any:  # noqa: ANN401
    """The type without annotations and without None."""
    if get_origin(kind) is Annotated:
        return bare(get_args(kind)[0])
    if get_origin(kind) in _UNIONS:
        return bare(next(member for member in get_args(kind) if member is not type(None)))
    return kind


def _is_struct(kind: Any) -> bool:  # noqa: ANN401
    return isinstance(kind, type) and issubclass(kind, msgspec.Struct)


def _holds(document: Any, path: Path) -> bool:  # noqa: ANN401
    for key in path:
        try:
            document = document[key]
        except (KeyError, IndexError, TypeError):
            return False
    return True


def _parsed(text: str) -> dict[str, Any] | None:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return None


def _within_statement(lines: list[str], first: int, path: Path) -> int:
    """In a statement of several lines, the one line that has the path's last key; else its first line."""
    last = next(
        (end for end in range(first, len(lines)) if _parsed("".join(lines[:end])) is not None), len(lines)
    )
    names = [key for key in path if isinstance(key, str)]
    has_key = re.compile(rf"(?<![\w-])[\"']?{re.escape(names[-1] if names else '')}[\"']?\s*=")
    hits = [number for number in range(first, last + 1) if has_key.search(lines[number - 1])]
    return hits[0] if len(hits) == 1 else first


def _quoted(key: str) -> str:
    if re.fullmatch(r"[A-Za-z0-9_-]+", key):
        return key
    return (
        f'"{key}"' if key.isprintable() else ascii(key)
    )  # a line end in a key must not end the error's line
