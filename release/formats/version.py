"""Versions and the tags that carry them: parse, bump, compare, and find the highest tag."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable

    from semver import Version

Level = Literal["patch", "minor", "major"]

_PLACEHOLDER = "{version}"
_FORBIDDEN_IN_REFS = frozenset(" ~^:?*[\\\x7f") | {chr(code) for code in range(32)}


def parse(text: str) -> Version:
    """Return the strict semver 2.0 version that `text` is.

    Raises ValueError, which says what is wrong, for anything else: a leading "v", two numbers, blanks.
    """
    from semver import Version

    try:
        return Version.parse(text)
    except (ValueError, TypeError) as error:
        raise ValueError(f"{text[:80]!r} is not a semantic version: {_reason(text)}") from error


def _reason(text: str) -> str:
    if text[:1] in {"v", "V"} and text[1:2].isdigit():
        return f'write it without the leading "{text[0]}"'
    return "expected MAJOR.MINOR.PATCH such as 1.2.3"


def bumped(version: str, level: Level) -> str:
    """Return the version after `version`; build metadata is dropped.

    As in other semver tools, a prerelease leads up to its own release: the patch after 1.2.3-rc.1 is 1.2.3.
    Raises ValueError when `version` is not semver.
    """
    return str(parse(version).next_version(level))


def prerelease(version: str, level: Level, word: str) -> str:
    """Return the prerelease that follows `version`: 1.4.0-beta.1 after 1.3.0 (minor, beta), then 1.4.0-beta.2.

    Raises ValueError when `version` or `word` is not semver, and when the word would go back (alpha after beta).
    """
    before, core = parse(version), bumped(version, level)
    name, _, number = (before.prerelease or "").rpartition(".")
    goes_on = name == word and number.isdigit() and str(before.finalize_version()) == core
    made = f"{core}-{word}.{int(number) + 1 if goes_on else 1}"
    if not precedes(version, made):
        raise ValueError(f"{made} would come before {version}")
    return made


def in_line(version: str | None, line: str | None) -> bool:
    """Say whether there is a version, and it belongs to a line such as "1.3" or "1"; without a line, any does."""
    return version is not None and (line is None or version.startswith(f"{line}."))


def precedes(left: str, right: str) -> bool:
    """Say whether `left` is lower than `right` in semver's precedence (build metadata does not count)."""
    return parse(left) < parse(right)


def ref_fault(name: str) -> str | None:
    """Say why `name` cannot be (the rest of) a git ref's name; None when it can.

    The rules are those of `git check-ref-format --allow-onelevel`, and no leading "-", as `git tag` demands.
    """
    for part in name.split("/"):
        if not part:
            return 'has an empty part between or beside "/"'
        if part.startswith(".") or part.endswith(".lock"):
            return f'has the part "{part}", which begins with "." or ends with ".lock"'
    bad = next((char for char in name if char in _FORBIDDEN_IN_REFS), None)
    if bad is not None:
        return f"holds {bad!r}"
    return _awkward(name)


def _awkward(name: str) -> str | None:
    for sequence in ("..", "@{"):
        if sequence in name:
            return f'holds "{sequence}"'
    if name.endswith("."):
        return 'ends with "."'
    if name == "@" or name.startswith("-"):
        return 'is "@" or begins with "-"'
    return None


@dataclass(frozen=True)
class TagPattern:
    """How an app's tags are named, such as "cms-v{version}".

    Raises ValueError when `text` has not exactly one {version}, or names what git does not take as a tag.
    """

    text: str

    def __post_init__(self) -> None:
        rest = self.text.replace(_PLACEHOLDER, "", 1)
        if _PLACEHOLDER not in self.text or "{" in rest or "}" in rest:
            raise ValueError(
                f'tag pattern "{self.text}": expected exactly one {{version}} and no other braces'
            )
        fault = ref_fault(self.text.replace(_PLACEHOLDER, "1.2.3"))
        if fault:
            raise ValueError(f'tag pattern "{self.text}" {fault}, which git does not allow in a tag')

    def tag(self, version: str) -> str:
        """Return the tag of `version`. Raises ValueError for no semver, and for 1.0.0-x.lock (illegal)."""
        parse(version)
        name = self.text.replace(_PLACEHOLDER, version)
        fault = ref_fault(name)
        if fault:
            raise ValueError(f'tag "{name}" {fault}, which git does not allow')
        return name

    def version(self, tag: str) -> str | None:
        """Return the version in `tag`; None when the tag is not of this pattern or holds no semver."""
        text = self.middle(tag)
        return text if text is not None and _is_semver(text) else None

    def middle(self, tag: str) -> str | None:
        """Return what stands in the place of {version}, whatever it is; None when the rest does not match."""
        prefix, _, suffix = self.text.partition(_PLACEHOLDER)
        fits = len(tag) > len(prefix) + len(suffix) and tag.startswith(prefix) and tag.endswith(suffix)
        return tag[len(prefix) : len(tag) - len(suffix)] if fits else None


def highest(tags: Iterable[str], pattern: TagPattern) -> tuple[str, str] | None:
    """Return (version, tag) of the highest version among `tags`, by semver precedence; None when no tag fits.

    Tags that differ in build metadata alone have no precedence: the last in text order is taken, so that the
    answer does not depend on the order of `tags`.
    """
    by_core: dict[tuple[tuple[int, str], ...], list[tuple[str, str]]] = {}
    for tag in tags:
        text = pattern.middle(tag)
        if text is not None:
            by_core.setdefault(_core(text), []).append((text, tag))
    # Only the highest MAJOR.MINOR.PATCH is parsed in full: a parse costs 5 us, and tags come by the thousand.
    for core in sorted(by_core, reverse=True):
        valid = [(parse(text), text, tag) for text, tag in by_core[core] if _is_semver(text)]
        if valid:
            _, text, tag = max(valid)
            return text, tag
    return None


def _core(text: str) -> tuple[tuple[int, str], ...]:
    """Sort as the numbers do, without making numbers of what may be none: longer is larger, then by digit."""
    numbers = text.partition("+")[0].partition("-")[0].split(".")
    return tuple([(len(number), number) for number in numbers])


def _is_semver(text: str) -> bool:
    try:
        parse(text)
    except ValueError:
        return False
    return True
