"""Which files wrangler applies to a D1 database, in which order, and where it notes them: its own rules (pure).

Read in wrangler's source: 4.98 brought `migrations_pattern`, files in folders, and the order by leading numbers. A
wrangler before that takes each `*.sql` of the folder itself, whatever the pattern says.
"""

from __future__ import annotations

import posixpath
import re
from functools import cmp_to_key, lru_cache
from typing import TYPE_CHECKING, Any

from release.errors import CannotReadError
from release.formats.wrangler_databases import FOLDER, Wanted, entry_of, name_of, normal, text_of
from release.frozen import Frozen

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

LEDGER = "d1_migrations"  # where `migrations_table` names no other
PATTERN_SINCE = (4, 98, 0)
QUOTES_SINCE = (4, 105, 0)  # names of files and of the ledger, in the SQL that notes a file
_NUMBER = re.compile(r"\s*([+-]?[0-9]+)")
_UNKNOWN_GLOB = re.compile(r"^[!#]|[?*+@!]\(|\[\[:|\{[^{},]*\.\.|\$\{")


class Rules(Frozen, frozen=True):
    """Where a database's migrations lie and are noted; `pattern` is relative to `folder`, `folder` to the repository.

    `version` is the wrangler's that applies them (None: not known, so the newest); `ignored` is a pattern that it does
    not know. `source` is the configuration that says all this (empty: none does), `database_id` the one that it names,
    `database` what D1 calls it.
    """

    folder: str
    pattern: str = "*.sql"
    table: str = LEDGER
    database_id: str | None = None
    source: str = ""
    ignored: str = ""
    version: tuple[int, ...] | None = None
    database: str = ""

    @property
    def is_flat(self) -> bool:
        """Whether this wrangler knows no pattern and no folders."""
        return self.version is not None and self.version < PATTERN_SINCE

    @property
    def quotes(self) -> bool:
        """Whether this wrangler quotes names in the SQL with which it notes a file."""
        return self.version is None or self.version >= QUOTES_SINCE

    def takes(self, name: str) -> bool:
        """Whether wrangler applies this file of the folder; `name` is relative to it."""
        if self.is_flat:
            return "/" not in name and name.endswith(".sql")
        return any(_fits(parts, name.split("/")) for parts in _segments(self.pattern))

    @property
    def depth(self) -> int | None:
        """How many folders deep files may lie, the folder itself being 1; None where no limit is set."""
        if self.is_flat:
            return 1
        longest = _segments(self.pattern)
        return None if any("**" in one for one in longest) else max(map(len, longest))

    def ordered(self, names: Iterable[str]) -> list[str]:
        """The names in the order in which wrangler applies them."""
        return sorted(
            sorted(names, key=_utf16), key=cmp_to_key(_compared_flat if self.is_flat else _compared)
        )


def rules_of(
    settings: Mapping[str, Any],
    source: str,
    environment: str,
    database: str | Wanted,
    version: tuple[int, ...] | None = None,
) -> Rules:
    """What the configuration at `source` says of a database, by its name or binding, in one of wrangler's environments.

    `version` is the wrangler's that will apply them, None for the newest. Raises CannotReadError, with what to do.
    """
    wanted = Wanted(database) if isinstance(database, str) else database
    entry = entry_of(settings, source, environment, wanted)
    name, identifier = name_of(entry, source, environment, wanted)
    said = {
        key: text_of(entry, key, source)
        for key in ("migrations_dir", "migrations_pattern", "migrations_table")
    }
    is_flat = version is not None and version < PATTERN_SINCE
    folder = said["migrations_dir"]
    folder = (folder or FOLDER) if is_flat else (FOLDER if folder is None else folder)
    folder, pattern = normal(folder), said["migrations_pattern"]
    return Rules(
        _within(folder, source),
        "*.sql" if pattern is None or is_flat else _relative(pattern, folder, said["migrations_dir"], source),
        said["migrations_table"] or LEDGER,
        identifier,
        source,
        pattern or "" if is_flat else "",
        version,
        name,
    )


def _within(folder: str, source: str) -> str:
    """The folder as a path in the repository."""
    found = posixpath.normpath(posixpath.join(posixpath.dirname(source), folder))
    if posixpath.isabs(found) or found == ".." or found.startswith("../"):
        raise CannotReadError(
            f"{source}: the migrations folder {folder} lies outside of the repository.",
            "Migrations are taken from the commit that is released: move them into the repository.",
        )
    return found


def _relative(raw: str, folder: str, said: str | None, source: str) -> str:
    """The pattern below its folder."""
    if said is None:
        raise CannotReadError(
            f"{source} sets migrations_pattern without migrations_dir.", "Set both; wrangler refuses it too."
        )
    pattern = normal(raw)
    if folder != "." and not pattern.startswith(f"{folder}/"):
        raise CannotReadError(
            f"{source}: migrations_pattern {raw} does not begin with {folder}/, its migrations_dir.",
            "Correct it; wrangler refuses it too.",
        )
    pattern = pattern if folder == "." else pattern.removeprefix(f"{folder}/")
    if _UNKNOWN_GLOB.search(pattern) or not _is_balanced(pattern):
        raise CannotReadError(
            f"{source}: migrations_pattern {raw} is of a kind that this tool does not know.",
            "Write it with *, **, ?, [abc] and {a,b} alone.",
        )
    return pattern


def _is_balanced(pattern: str) -> bool:
    bare = re.sub(r"\[[!^]?\]?[^\]/]+\]", "", pattern)
    return "[" not in bare and bare.count("{") == bare.count("}")


@lru_cache(maxsize=8)
def _segments(pattern: str) -> tuple[tuple[str, ...], ...]:
    """The pattern without its braces, each as the parts between its slashes."""
    return tuple(tuple(part for part in one.split("/") if part) for one in _braced(pattern))


def _braced(pattern: str) -> Iterator[str]:
    """`a{b,c}` is ab and ac; braces may hold braces, and without a comma they are themselves."""
    for begin in (place for place, sign in enumerate(pattern) if sign == "{"):
        depth, cuts = 0, [begin]
        for end in range(begin, len(pattern)):
            depth += {"{": 1, "}": -1}.get(pattern[end], 0)
            if pattern[end] == "," and depth == 1:
                cuts.append(end)
            if depth == 0:
                break
        if len(cuts) > 1:
            for left, right in zip(cuts, [*cuts[1:], end], strict=True):
                yield from _braced(pattern[:begin] + pattern[left + 1 : right] + pattern[end + 1 :])
            return
    yield pattern


def _fits(pattern: tuple[str, ...], parts: list[str]) -> bool:
    if not pattern:
        return not parts
    if pattern[0] == "**":
        if len(pattern) == 1:
            return bool(parts) and not any(part.startswith(".") for part in parts)
        return _fits(pattern[1:], parts) or (
            bool(parts) and not parts[0].startswith(".") and _fits(pattern, parts[1:])
        )
    return bool(parts) and _one(pattern[0]).fullmatch(parts[0]) is not None and _fits(pattern[1:], parts[1:])


@lru_cache(maxsize=64)
def _one(part: str) -> re.Pattern[str]:
    """One part of a pattern; a name that begins with a dot is only found by a part that does."""
    spelled, place = "", 0
    for match in re.finditer(r"\*+|\?|\[([!^]?)(\]?[^\]]+)\]", part):
        spelled += re.escape(part[place : match.start()])
        place = match.end()
        if match.group().startswith("["):
            inner = match[2].replace("\\", r"\\").replace("[", r"\[").replace("]", r"\]")
            spelled += f"[{'^' if match[1] else ''}{inner}]"
        else:
            spelled += "." if match.group() == "?" else ".*"
    spelled += re.escape(part[place:])
    is_magic = bool(part) and part[0] in "*?["
    return re.compile((r"(?!\.)(?=.)" if is_magic else "") + spelled, re.DOTALL)


def _compared(one: str, two: str) -> int:
    """Part by part: the lower leading number first, then what has none; then by name."""
    ones, twos = one.split("/"), two.split("/")
    for left, right in zip(ones, twos, strict=False):
        found = _compared_parts(left, right)
        if found:
            return found
    return len(ones) - len(twos)


def _compared_flat(one: str, two: str) -> int:
    """By leading number alone; what has none is as good as any, and stays where its name put it."""
    left, right = _number(one), _number(two)
    unknown = float("inf") in {left, right}
    return 0 if unknown else (left > right) - (left < right)


def _compared_parts(one: str, two: str) -> int:
    numbers = _number(one), _number(two)
    if numbers[0] != numbers[1]:
        return -1 if numbers[0] < numbers[1] else 1
    left, right = _utf16(one), _utf16(two)
    return (left > right) - (left < right)


def _number(part: str) -> float:
    """JavaScript's parseInt of what stands before the first underscore; infinite where that is no number."""
    found = _NUMBER.match(part.partition("_")[0])
    return float(found[1]) if found else float("inf")


def _utf16(name: str) -> bytes:
    """What JavaScript compares."""
    return name.encode("utf-16-be", "surrogatepass")
