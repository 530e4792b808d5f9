"""What a step tells its runner: lines of its log that are commands, and the files that it appends to (pure)."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

_COMMAND = re.compile(r"^::(?P<name>[a-z-]+)(?: (?P<properties>[^:]*(?:::?[^:]+)*?))?::(?P<value>.*)$")
_KINDS = ("error", "warning", "notice")


@dataclass(frozen=True)
class Annotation:
    """An error, warning or notice; `file` is empty where it belongs to none."""

    kind: str
    message: str
    file: str = ""
    title: str = ""


@dataclass
class Log:
    """The lines of a job, the groups that they are folded into, and what they annotate."""

    lines: list[str] = field(default_factory=list)
    groups: list[str] = field(default_factory=list)
    annotations: list[Annotation] = field(default_factory=list)
    secrets: set[str] = field(default_factory=set)

    def take(self, line: str) -> None:
        """One line of a step's output."""
        said = _COMMAND.match(line)
        if said is None:
            self.lines.append(self.masked(line))
            return
        name, value = said["name"], _unescaped(said["value"])
        told = dict(pair.split("=", 1) for pair in (said["properties"] or "").split(",") if "=" in pair)
        if name in _KINDS:
            file, title = (_unescaped(told.get(key, "")) for key in ("file", "title"))
            self.annotations.append(Annotation(name, self.masked(value), file, title))
        elif name == "group":
            self.groups.append(value)
        elif name == "add-mask":
            self.secrets.add(value)

    def masked(self, text: str) -> str:
        """`text` as GitHub shows it: each line of a secret is `***`."""
        parts = {part for secret in self.secrets for part in secret.splitlines() if part.strip()}
        for part in sorted(parts, key=len, reverse=True):
            text = text.replace(part, "***")
        return text

    def has_secret(self, text: str) -> bool:
        """Whether GitHub would keep this from being an output: it holds a secret."""
        return self.masked(text) != text

    @property
    def text(self) -> str:
        """All lines."""
        return "\n".join(self.lines)


def pairs(content: str) -> dict[str, str]:
    """The entries of GITHUB_OUTPUT or GITHUB_ENV: `name=value`, or `name<<END` up to a line `END`.

    Raises ValueError for a line that is neither, as GitHub fails the step.
    """
    found: dict[str, str] = {}
    lines = iter(content.splitlines())
    for line in lines:
        if not line:
            continue
        name, equals, value = line.partition("=")
        if "<<" in name:
            name, _, end = line.partition("<<")
            value = "\n".join(iter(lambda: next(lines), end))
        elif not equals:
            raise ValueError(f"Invalid format '{line}'")
        found[name] = value
    return found


def _unescaped(value: str) -> str:
    for code, sign in (("%0D", "\r"), ("%0A", "\n"), ("%3A", ":"), ("%2C", ","), ("%25", "%")):
        value = value.replace(code, sign)
    return value
