"""One string value in a JSON document: read it, or change it and keep every other byte."""

from __future__ import annotations

import codecs
import re
from json import JSONDecodeError, JSONDecoder, dumps
from typing import TYPE_CHECKING, Any, NoReturn

from release.errors import BlockedError

if TYPE_CHECKING:
    from collections.abc import Iterator

    Span = tuple[int, int]

_BLANK = " \t\r\n"
# Strings come first in both, so that what stands inside one is not taken for a token.
_STRING_OR_BRACKET = re.compile(r'"(?:[^"\\]|\\.)*"|[\[{]|[\]}]', re.DOTALL)
_STRING_OR_CONSTANT = re.compile(r'"(?:[^"\\]|\\.)*"|-?Infinity|NaN', re.DOTALL)


class ManifestError(BlockedError):
    """A manifest cannot be read as JSON, or has no single string at the wanted place (exit 4).

    `line` and `column` count from 1, in characters.
    """

    def __init__(self, file: str, line: int, column: int, problem: str) -> None:
        super().__init__(f"{file}:{line}:{column}: {problem}", f"Correct {file}; nothing was changed.")
        self.file = file
        self.line = line
        self.column = column
        self.problem = problem


def value_at(text: bytes, path: tuple[str, ...], file: str) -> str:
    """Return the string at `path` (the keys from the outside in) of the JSON document `text`.

    `file` is what errors call the document. Raises ManifestError: not UTF-8, not JSON, nested too deep, a key
    on the path missing or there twice, or no string.
    """
    document = _Document(text, file)
    return document.string(document.span(path))


def with_value(text: bytes, path: tuple[str, ...], value: str, file: str) -> bytes:
    """Return the document with the string at `path` replaced by `value`, and every other byte as it was.

    A document that holds `value` already comes back unchanged, escapes included. Raises as `value_at` does.
    """
    document = _Document(text, file)
    start, end = document.span(path)
    if document.string((start, end)) == value:
        return text
    before, after = document.text[:start], document.text[end:]
    return document.mark + before.encode() + dumps(value).encode() + after.encode()


class _Document:
    """JSON text that has been found valid, and positions in it."""

    def __init__(self, text: bytes, file: str) -> None:
        self.file = file
        self.mark = codecs.BOM_UTF8 if text.startswith(codecs.BOM_UTF8) else b""
        self.text = self._decoded(text.removeprefix(self.mark))
        # Numbers stay text: Python refuses to convert very long ones, which are good JSON all the same.
        self._decoder = JSONDecoder(parse_int=str, parse_float=str, parse_constant=_refuse_constant)
        self._check()

    def span(self, path: tuple[str, ...]) -> Span:
        """Start and end of the value at `path`."""
        start = self._after_blanks(0)
        end = len(self.text.rstrip(_BLANK))
        for depth, key in enumerate(path):
            here = ".".join(path[:depth]) or "the document"
            if self.text[start] != "{":
                self._fail(start, f"expected {here} to be an object")
            found = [span for name, span in self._members(start) if name == key]
            if not found:
                self._fail(start, f'{here} has no key "{key}"')
            if len(found) > 1:
                self._fail(found[1][0], f'{here} has the key "{key}" {len(found)} times')
            start, end = found[0]
        return start, end

    def string(self, span: Span) -> str:
        start, _ = span
        if self.text[start] != '"':
            self._fail(start, f"expected a string, found {self.text[slice(*span)][:20]}")
        return str(self._decoder.raw_decode(self.text, start)[0])

    def _members(self, start: int) -> Iterator[tuple[str, Span]]:
        position = self._after_blanks(start + 1)
        while self.text[position] != "}":
            key, position = self._decoder.raw_decode(self.text, position)
            value = self._after_blanks(self._after_blanks(position) + len(":"))
            _, end = self._decoder.raw_decode(self.text, value)
            yield key, (value, end)
            position = self._after_blanks(end)
            if self.text[position] == ",":
                position = self._after_blanks(position + 1)

    def _after_blanks(self, position: int) -> int:
        while self.text[position] in _BLANK:
            position += 1
        return position

    def _check(self) -> None:
        try:
            self._decoder.decode(self.text)
        except JSONDecodeError as error:
            self._fail(error.pos, f"not JSON: {error.msg}")
        except _NotJsonError as error:
            self._fail(_constant(self.text), f"not JSON: {error} is no JSON value")
        except RecursionError:
            self._fail(_deepest(self.text), "nested too deep to be read")

    def _decoded(self, text: bytes) -> str:
        try:
            return text.decode()
        except UnicodeDecodeError as error:
            before = text[: error.start].decode()
            line, column = _line_and_column(before, len(before))
            problem = f"not UTF-8: byte 0x{text[error.start]:02x}"
            raise ManifestError(self.file, line, column, problem) from None

    def _fail(self, position: int, problem: str) -> NoReturn:
        raise ManifestError(self.file, *_line_and_column(self.text, position), problem) from None


class _NotJsonError(ValueError):
    """NaN or an infinity, which Python's decoder would take."""


def _refuse_constant(name: str) -> Any:  # noqa: ANN401 - the decoder's own signature
    raise _NotJsonError(name)


def _line_and_column(text: str, position: int) -> tuple[int, int]:
    line_start = text.rfind("\n", 0, position) + 1
    return text.count("\n", 0, position) + 1, position - line_start + 1


def _constant(text: str) -> int:
    """Position of the first NaN or infinity."""
    return next(match.start() for match in _STRING_OR_CONSTANT.finditer(text) if match[0][0] != '"')


def _deepest(text: str) -> int:
    """Position of the first of the most deeply nested brackets."""
    depth = most = where = 0
    for match in _STRING_OR_BRACKET.finditer(text):
        depth += {"[": 1, "{": 1, "]": -1, "}": -1}.get(match[0], 0)
        if depth > most:
            most, where = depth, match.start()
    return where
