"""How the remote D1 cuts a file into statements, as far as public reports tell (pure).

`wrangler d1 migrations apply --remote` sends a whole file in one request, and D1 itself cuts it. Its rules are not
documented; each rule here has the reports that it comes from. Where reports agree a file would be refused, where they
contradict each other it may be. A local D1 is cut by wrangler or by SQLite, and takes all of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from release.formats.sql import placed, scan, tokens

if TYPE_CHECKING:
    from collections.abc import Iterator

MOST_SQL = 100_000  # bytes of one statement (D1's official limits)
MOST_BOUND = 100  # parameters of one statement (the same)
MOST_FILE = 100_000_000  # bytes of one request to Cloudflare's API
CRLF_UNTIL, CRLF_SINCE = (
    (4, 118, 0),
    (4, 156, 0),
)  # the last wrangler that was seen to send CRLF, one that does not
_SHOWN = 60  # characters of what D1 receives
_INGEST = "or run the file with wrangler d1 execute --remote --file, which D1 cuts otherwise, and note it (inv step.backfill)"


@dataclass(frozen=True)
class Refusal:
    """What D1 refuses of a file or may refuse: the line, why, what D1 would receive, and how to write it.

    `reports` are the public ones, with the wrangler that it was seen with.
    """

    line: int
    is_certain: bool
    why: str
    remedy: str
    receives: str = ""
    reports: str = ""


@dataclass(frozen=True)
class _Trigger:
    """The places in a trigger's text that matter to who cuts it at words: each `END` of its body, the first `;`."""

    text: str
    begin: str = "BEGIN"
    end: str = "END"
    first: int = 0  # behind the first `;` of the body
    early: int = 0  # behind the first `END;` that is not the trigger's own
    inner: int = 0  # behind the first other END that stands in no brackets
    has_crlf: bool = False

    @property
    def is_lower(self) -> bool:
        return not (self.begin.isupper() and self.end.isupper())


def refusals(sql: str, version: tuple[int, ...] | None = None) -> Iterator[Refusal]:
    """What of a file D1 refuses, or may; `version` is the wrangler's that sends it (None: not known)."""
    size = len(sql.encode())
    if size > MOST_FILE:
        why = f"is {size / 1_000_000:,.0f} MB long, and one request takes {MOST_FILE // 1_000_000} MB"
        yield Refusal(1, is_certain=True, why=why, remedy="Spread it over several files")
    for at, statement in placed(sql):
        line = sql.count("\n", 0, at) + 1
        yield from _over_limits(statement, line)
        trigger = _trigger(statement)
        found = _of_trigger(trigger, line, version) if trigger else None
        if found:
            yield found


def received(sql: str) -> tuple[str, ...]:
    """The statements that D1 makes of a text, by what all reports agree on; comments stand with them."""
    pieces = []
    for _, statement in placed(sql):
        trigger = _trigger(statement)
        cut = 0
        if trigger is not None:
            cut = trigger.first if trigger.has_crlf else trigger.early
        pieces += [statement] if not cut else [statement[:cut], statement[cut:].strip()]
    return tuple(one for one in pieces if one.strip("; \n\r\t"))


def _over_limits(statement: str, line: int) -> Iterator[Refusal]:
    size = len(statement.encode())
    if size > MOST_SQL:
        why = f"begins a statement of {size:,} bytes, and D1 takes {MOST_SQL:,}"
        yield Refusal(line, is_certain=True, why=why, remedy="Spread its rows over several statements")
    bound = _bound(statement)
    if bound > MOST_BOUND:
        why = f"binds {bound} parameters, and D1 takes {MOST_BOUND}"
        yield Refusal(line, is_certain=True, why=why, remedy="Write values instead: a migration binds none")


def _bound(statement: str) -> int:
    """How many parameters a statement binds: `?` one after the other, `?12` by its number, names once each."""
    words = [(kind, text) for kind, text, _ in scan(statement)]
    count, names = 0, set()
    for (_, text), (kind, following) in zip(words, [*words[1:], ("", "")], strict=True):
        if text == "?":
            count = max(count, int(following)) if following.isdigit() else count + 1
        elif text in {":", "@", "$"} and kind == "word":
            names.add(text + following)
    return count + len(names)


def _of_trigger(trigger: _Trigger, line: int, version: tuple[int, ...] | None) -> Refusal | None:
    if trigger.early:
        return Refusal(
            line,
            is_certain=True,
            why="begins a trigger whose body D1 ends at the END of a CASE",
            remedy="Put brackets around it, (CASE ... END), or move the condition into the trigger's WHEN",
            receives=_shown(trigger.text[: trigger.early]),
            reports="wrangler 3.15 and 4.x",
        )
    if trigger.has_crlf and (version is None or version < CRLF_SINCE):
        return Refusal(
            line,
            is_certain=version is not None and version <= CRLF_UNTIL,
            why="begins a trigger with CRLF line ends, which D1 cuts at the first `;` of its body",
            remedy="Save it with LF line ends (.gitattributes: *.sql text eol=lf), or update wrangler",
            receives=_shown(trigger.text[: trigger.first]),
            reports="wrangler 4.107 and 4.118",
        )
    return _disputed(trigger, line)


def _disputed(trigger: _Trigger, line: int) -> Refusal | None:
    """What some reports saw refused, and others applied."""
    ways = []
    if trigger.inner:
        ways.append(("has an END before its own", "put brackets around the CASE"))
    if trigger.is_lower:
        ways.append(("writes begin or end in small letters", "write BEGIN and END in capitals"))
    if "\n" in trigger.text:
        ways.append(("has several lines", "write it on one line"))
    if not ways:
        return None
    remedy = " and ".join(way for _, way in ways)
    return Refusal(
        line,
        is_certain=False,
        why=f"begins a trigger that {' and '.join(why for why, _ in ways)}",
        remedy=f"To be sure, {remedy}, {_INGEST}",
        receives=_shown(trigger.text[: trigger.inner or trigger.first]),
        reports="wrangler 3.28 to 4.x; others applied the like",
    )


def _shown(text: str) -> str:
    """The end of what D1 receives: that is where it is cut."""
    said = " ".join(text.split())
    return said if len(said) <= _SHOWN else f"... {said[-_SHOWN:]}"


def _trigger(statement: str) -> _Trigger | None:
    """A statement that makes a trigger with a body; None where it is another one."""
    words = [word for word in tokens(statement[:200])[:3] if word not in {"temp", "temporary"}]
    if words[:2] != ["create", "trigger"]:
        return None
    scanned = [(text, at) for kind, text, at in scan(statement) if kind in {"word", "other"}]
    begins = [place for place, (text, _) in enumerate(scanned) if text.lower() == "begin"]
    if not begins:
        return None
    body = scanned[begins[0] + 1 :]
    ends = _ends(body)
    if not ends:
        return None
    blanks = "".join(text for kind, text, _ in scan(statement) if kind == "blank")
    return _Trigger(
        statement,
        scanned[begins[0]][0],
        statement[ends[-1][0] : ends[-1][0] + 3],
        next((at + 1 for text, at in body if text == ";"), 0),
        next((after for _, after, depth in ends[:-1] if after and not depth), 0),
        next((at + 3 for at, after, depth in ends[:-1] if not after and not depth), 0),
        "\r" in blanks,
    )


def _ends(body: list[tuple[str, int]]) -> list[tuple[int, int, int]]:
    """Each END of a body: its place, the place behind the `;` that follows it (0: none does), and in how many brackets."""
    depth, found = 0, []
    for place, (text, at) in enumerate(body):
        depth += {"(": 1, ")": -1}.get(text, 0)
        if text.lower() == "end":
            following = body[place + 1] if place + 1 < len(body) else ("", 0)
            found.append((at, following[1] + 1 if following[0] == ";" else 0, depth))
    return found
