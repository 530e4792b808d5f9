"""GitHub's expressions, as far as workflows of ordinary repositories use them: a parser and an evaluator (pure).

docs.github.com, "Evaluate expressions in workflows and actions", has the grammar and how values are compared. What is not
here (`case`, filters of objects within functions) raises ExpressionError: an unknown word is never passed over.
"""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Function = Callable[..., Any]

_TOKEN = re.compile(
    r"\s*(?:(?P<number>[+-]?(?:0x[0-9a-fA-F]+|\d+(?:\.\d+)?(?:[eE][+-]?\d+)?))"
    r"|(?P<text>'(?:[^']|'')*')"
    r"|(?P<name>[A-Za-z_][A-Za-z0-9_-]*)"
    r"|(?P<sign>&&|\|\||==|!=|<=|>=|[<>!().,\[\]*]))"
)
_WORDS = {"true": True, "false": False, "null": None}
_STATUS = re.compile(r"\b(success|failure|cancelled|always)\s*\(", re.IGNORECASE)


class ExpressionError(Exception):
    """An expression that cannot be read, or that asks for what is not played here."""


@dataclass
class _Filtered:
    """What `.*` makes of a list or an object: further names apply to each part."""

    parts: list[Any]


def evaluate(text: str, contexts: Mapping[str, Any], functions: Mapping[str, Function]) -> Any:  # noqa: ANN401 - JSON
    """The value of an expression; `functions` are by their names in small letters. Raises ExpressionError."""
    reader = _Reader(text, contexts, {**FUNCTIONS, **functions})
    value = reader.either()
    if reader.next is not None:
        raise ExpressionError(f"{text}: {reader.next[1]} was not expected")
    return _plain(value)


def is_truthy(value: Any) -> bool:  # noqa: ANN401 - JSON
    """Whether a value counts as true: all but false, zero, the empty text and null."""
    is_nothing = value is None or value is False or value == ""
    return not (is_nothing or (isinstance(value, int | float) and (value == 0 or math.isnan(value))))


def with_status(condition: str) -> str:
    """An `if` as GitHub reads it: one that names no status function holds only where all went well."""
    if not condition.strip():
        return "success()"
    return condition if _STATUS.search(condition) else f"success() && ({condition})"


def text_of(value: Any) -> str:  # noqa: ANN401 - JSON
    """A value as the text that GitHub makes of it."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return "Object" if isinstance(value, dict) else "Array" if isinstance(value, list) else json.dumps(value)


class _Reader:
    """Reads and evaluates at once; what `&&` and `||` leave out is read all the same."""

    def __init__(self, text: str, contexts: Mapping[str, Any], functions: Mapping[str, Function]) -> None:
        self._text, self._at = text, 0
        self._contexts, self._functions = contexts, functions
        self.next: tuple[str, str] | None = None
        self._advance()

    def _advance(self) -> None:
        if not self._text[self._at :].strip():
            self.next = None
            return
        found = _TOKEN.match(self._text, self._at)
        if found is None or found.lastgroup is None:
            raise ExpressionError(f"{self._text}: cannot be read from {self._text[self._at :]!r} on")
        self._at = found.end()
        self.next = (found.lastgroup, found[found.lastgroup])

    def _takes(self, *signs: str) -> str:
        if self.next is None or self.next[0] != "sign" or self.next[1] not in signs:
            return ""
        sign = self.next[1]
        self._advance()
        return sign

    def _expect(self, sign: str) -> None:
        if not self._takes(sign):
            raise ExpressionError(f"{self._text}: {sign} is missing")

    def either(self) -> Any:  # noqa: ANN401 - JSON
        """`a || b`."""
        value = self._both()
        while self._takes("||"):
            other = self._both()
            value = value if is_truthy(value) else other
        return value

    def _both(self) -> Any:  # noqa: ANN401 - JSON
        value = self._compared()
        while self._takes("&&"):
            other = self._compared()
            value = other if is_truthy(value) else value
        return value

    def _compared(self) -> Any:  # noqa: ANN401 - JSON
        value = self._negated()
        while sign := self._takes("==", "!=", "<=", ">=", "<", ">"):
            value = _compare(sign, _plain(value), _plain(self._negated()))
        return value

    def _negated(self) -> Any:  # noqa: ANN401 - JSON
        return not is_truthy(_plain(self._negated())) if self._takes("!") else self._reached()

    def _reached(self) -> Any:  # noqa: ANN401 - JSON
        value = self._first()
        while sign := self._takes(".", "["):
            if sign == "[":
                value = self._every(value) if self._takes("*") else _member(value, _plain(self.either()))
                self._expect("]")
            else:
                value = self._every(value) if self._takes("*") else _member(value, self._name())
        return value

    def _every(self, value: Any) -> _Filtered:  # noqa: ANN401 - JSON
        of = value.parts if isinstance(value, _Filtered) else [value]
        return _Filtered(
            [part for one in of for part in (one.values() if isinstance(one, dict) else one or ())]
        )

    def _name(self) -> str:
        if self.next is None or self.next[0] != "name":
            raise ExpressionError(f"{self._text}: a name is missing")
        name = self.next[1]
        self._advance()
        return name

    def _first(self) -> Any:  # noqa: ANN401 - JSON
        if self._takes("("):
            value = self.either()
            self._expect(")")
            return value
        if self.next is None or self.next[0] == "sign":
            raise ExpressionError(f"{self._text}: a value is missing")
        kind, word = self.next
        self._advance()
        if kind == "text":
            return word[1:-1].replace("''", "'")
        return _number(word) if kind == "number" else self._named(word)

    def _named(self, word: str) -> Any:  # noqa: ANN401 - JSON
        if self._takes("("):
            given = []
            while not self._takes(")"):
                given.append(_plain(self.either()))
                self._takes(",")
            call = self._functions.get(word.lower())
            if call is None:
                raise ExpressionError(f"{self._text}: the function {word} is not played here")
            return call(*given)
        if word in _WORDS:
            return _WORDS[word]
        if word.lower() not in {name.lower() for name in self._contexts}:
            raise ExpressionError(f"{self._text}: there is no {word} here")
        return _member(self._contexts, word)


def _member(value: Any, name: Any) -> Any:  # noqa: ANN401 - JSON
    if isinstance(value, _Filtered):
        found = [_member(part, name) for part in value.parts]
        return _Filtered([one for one in found if one is not None])
    if isinstance(value, list):
        return value[int(name)] if isinstance(name, int | float) and 0 <= name < len(value) else None
    if not hasattr(value, "items"):
        return None
    wanted = text_of(name).lower()
    return next((one for key, one in value.items() if key.lower() == wanted), None)


def _plain(value: Any) -> Any:  # noqa: ANN401 - JSON
    return value.parts if isinstance(value, _Filtered) else value


def _number(word: str) -> float | int:
    if "x" in word:
        return int(word, 16)
    value = float(word)
    return int(value) if value.is_integer() else value


def _as_number(value: Any) -> float:  # noqa: ANN401 - JSON
    if value is None or value == "":
        return 0.0
    if isinstance(value, bool | int | float):
        return float(value)
    try:
        return float(_number(value.strip())) if isinstance(value, str) else math.nan
    except ValueError:
        return math.nan


def _compare(sign: str, one: Any, other: Any) -> bool:  # noqa: ANN401 - JSON
    """Values of two kinds are compared as numbers, texts without regard to case, lists and objects by identity."""
    if isinstance(one, str) and isinstance(other, str):
        left, right = one.lower(), other.lower()
        ordered: tuple[Any, Any] = (left, right)
    elif isinstance(one, dict | list) or isinstance(other, dict | list):
        return (one is other) == (sign == "==")
    else:
        ordered = (_as_number(one), _as_number(other))
    left, right = ordered
    answers = {
        "==": left == right,
        "!=": left != right,
        "<": left < right,
        ">": left > right,
        "<=": left <= right,
        ">=": left >= right,
    }
    return bool(answers[sign])


def _contains(where: Any, what: Any) -> bool:  # noqa: ANN401 - JSON
    if isinstance(where, list):
        return any(_compare("==", one, what) for one in where)
    return text_of(what).lower() in text_of(where).lower()


def _format(text: str, *values: Any) -> str:  # noqa: ANN401 - JSON
    def filled(found: re.Match[str]) -> str:
        return found[0][0] if found[0] in {"{{", "}}"} else text_of(values[int(found[1])])

    return re.sub(r"\{\{|\}\}|\{(\d+)\}", filled, text)


def _join(what: Any, by: str = ",") -> str:  # noqa: ANN401 - JSON
    return by.join(map(text_of, what)) if isinstance(what, list) else text_of(what)


FUNCTIONS: Mapping[str, Function] = {
    "contains": _contains,
    "startswith": lambda where, what: text_of(where).lower().startswith(text_of(what).lower()),
    "endswith": lambda where, what: text_of(where).lower().endswith(text_of(what).lower()),
    "format": _format,
    "join": _join,
    "tojson": lambda value: json.dumps(value, indent=2),
    "fromjson": json.loads,
}
