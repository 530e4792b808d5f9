"""What a CHECK can come to where some of its columns hold a known value and the others anything (pure).

SQLite lets a row pass whose CHECK is true or NULL; so one that can only be those refuses nothing.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from release.database.shape import quoted

if TYPE_CHECKING:
    from collections.abc import Mapping

    from release.database.shape import Column

Words = tuple[str, ...]
Truth = bool | None  # one of three values: true, false and NULL
Truths = frozenset[Truth]
UNKNOWN: Truths = frozenset({True, False, None})
_NULL: Truths = frozenset({None})
_COMPARED = frozenset({"=", "==", "<>", "!=", "<", "<=", ">", ">=", "like", "glob"})
# what gives NULL for a NULL, so that a comparison with it is NULL
_PLAIN = frozenset({"+", "-", "*", "/", "%", "||", "(", ")", ","})
_STRICT = frozenset({"abs", "lower", "upper", "length", "trim", "ltrim", "rtrim", "round", "substr", "instr"})
_LOGIC = frozenset({"and", "or", "not", "is", "between", "in", "case", "isnull", "notnull"})


def may_refuse(check: Words, known: Mapping[str, Column], columns: frozenset[str]) -> bool:
    """Whether a CHECK can be false while the `known` columns hold their defaults; `columns` are all that there are."""
    return False in _truths(check, known, columns)


def may_hold(condition: Words, known: Mapping[str, Column], columns: frozenset[str]) -> bool:
    """Whether a condition can be true while the `known` columns hold their defaults."""
    return True in _truths(condition, known, columns)


def _truths(words: Words, known: Mapping[str, Column], columns: frozenset[str]) -> Truths:
    words = _bare(words)
    for logic, join in (("or", _either), ("and", _both)):
        pieces = _pieces(words, logic)
        if len(pieces) > 1:
            found = [_truths(piece, known, columns) for piece in pieces]
            together = found[0]
            for one in found[1:]:
                together = frozenset(join(here, there) for here in together for there in one)
            return together
    if words[:1] == ("not",):
        return frozenset(None if one is None else not one for one in _truths(words[1:], known, columns))
    return _atom(words, known, columns)


def _atom(words: Words, known: Mapping[str, Column], columns: frozenset[str]) -> Truths:
    """One comparison."""
    used = columns & {*words}
    if used and used <= known.keys():
        return _computed(words, [known[name] for name in sorted(used)])
    at = next((place for place, word in enumerate(words) if word in _COMPARED), None)
    empty = frozenset(name for name, one in known.items() if one.is_optional)
    if at is not None and not _LOGIC & {*words}:
        sides = words[:at], words[at + 1 :]
        return _NULL if any(_is_null(side, empty) for side in sides) else UNKNOWN
    if len(words) > 2 and words[1] in {"between", "in"} and words[0] in empty:  # noqa: PLR2004 - x IN (
        return _NULL if words[1:4] != ("in", "(", ")") else UNKNOWN
    return UNKNOWN


def _is_null(side: Words, empty: frozenset[str]) -> bool:
    """Whether an operand is NULL: it names a column that is, and nothing that makes something else of it."""
    named = [at for at, word in enumerate(side) if word in empty]
    calls = [word for word, after in pairwise(side) if after == "(" and word not in _PLAIN]
    return bool(named) and {*calls} <= _STRICT and not _LOGIC & {*side}


def _computed(words: Words, known: list[Column]) -> Truths:
    """What SQLite itself says of columns whose values are all known; anything where a default is no plain value."""
    import apsw

    if any(one.is_generated or not _is_plain(one.default) for one in known):
        return UNKNOWN
    connection = apsw.Connection(":memory:")
    spelled = ", ".join(
        f"{quoted(one.name)} {one.kind} COLLATE {one.collation or 'BINARY'} DEFAULT {one.default or 'NULL'}"
        for one in known
    )
    names = {one.name for one in known}
    condition = " ".join(quoted(word) if word in names else word for word in words)
    try:
        connection.execute(f"CREATE TABLE t ({spelled}); INSERT INTO t DEFAULT VALUES")
        ((value,),) = connection.execute(f"SELECT ({condition}) FROM t")  # noqa: S608 - in memory
        return frozenset({None if value is None else bool(value)})
    except (apsw.Error, ValueError):
        return UNKNOWN
    finally:
        connection.close()


def _is_plain(default: str) -> bool:
    """Whether a default is the same value for every row."""
    return default in {"", "null", "true", "false"} or default[:1] in "'0123456789-+"


def _bare(words: Words) -> Words:
    """The words without the brackets around all of them."""
    while words[:1] == ("(",) and words[-1:] == (")",) and _closes(words) == len(words) - 1:
        words = words[1:-1]
    return words


def _closes(words: Words) -> int:
    depth = 0
    for place, word in enumerate(words):
        depth += {"(": 1, ")": -1}.get(word, 0)
        if depth == 0:
            return place
    return len(words)


def _pieces(words: Words, logic: str) -> list[Words]:
    """The parts between a word of logic that stands in no brackets and no CASE; the AND of a BETWEEN is none."""
    pieces, begin, depth, between = [], 0, 0, False
    for place, word in enumerate(words):
        depth += {"(": 1, "case": 1, ")": -1, "end": -1}.get(word, 0)
        if depth == 0 and word == logic and not between:
            pieces.append(words[begin:place])
            begin = place + 1
        between = depth == 0 and (word == "between" or (between and word != "and"))
    return [*pieces, words[begin:]]


def _either(one: Truth, other: Truth) -> Truth:
    if one is True or other is True:
        return True
    return None if one is None or other is None else False


def _both(one: Truth, other: Truth) -> Truth:
    if one is False or other is False:
        return False
    return None if one is None or other is None else True
