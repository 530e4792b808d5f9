"""What a change demands of its version, as values: evidence by source, and the verdict over all of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import field

from release.frozen import Frozen

if TYPE_CHECKING:
    from collections.abc import Mapping

    from release.model.record import Window
    from release.model.repository import Migration
    from release.model.request import Level
    from release.model.unread import Unread

LEVELS: tuple[Level, ...] = ("patch", "minor", "major")


class Surface(Frozen, frozen=True):
    """What others use, before and after: the bytes of an OpenAPI document or of a command's JSON (None: not there)."""

    name: str
    before: bytes | Unread | None
    after: bytes | Unread | None
    is_openapi: bool = False


class Baseline(Frozen, frozen=True):
    """What the last release held of what is compared; `migrations` by the name of their database."""

    tag: str
    migrations: Mapping[str, tuple[Migration, ...] | Unread] = field(default_factory=dict)
    surfaces: tuple[Surface, ...] = ()


class Fault(Frozen, frozen=True):
    """Why a source cannot tell, or what is wrong with what it read; the file and line where they are known."""

    what: str
    file: str | None = None
    line: int | None = None


class Loss(Frozen, frozen=True):
    """Rows or values that are lost without being named: the line of `because` that says so, and what it reaches.

    It reaches the rows of `table` that hold something in `columns`; all of them where `every`. `rows` is how many there
    are in `database`, None where they were not counted; `is_more` where the count stopped at its limit. `store` is what
    people call that database.
    """

    said: str
    table: str
    columns: tuple[str, ...] = ()
    every: bool = False
    database: str = ""
    store: str = ""
    rows: int | None = None
    is_more: bool = False


class Evidence(Frozen, frozen=True):
    """What one source says: the least bump it demands (None: none at all), and why, the worst first.

    `cannot_tell` blocks unless a person overrules it; `errors` always do. `note` says what was not looked at.
    `losses` are those of the reasons that tell of lost data; `warnings` demand nothing and are told.
    `remedy` says how the same change demands less. `passes` are statements that go through a whole table, as losses are
    counted.
    """

    source: str
    least: Level | None = None
    because: tuple[str, ...] = ()
    cannot_tell: tuple[Fault, ...] = ()
    errors: tuple[Fault, ...] = ()
    note: str = ""
    losses: tuple[Loss, ...] = ()
    warnings: tuple[Fault, ...] = ()
    remedy: str = ""
    passes: tuple[Loss, ...] = ()


class Verdict(Frozen, frozen=True):
    """All evidence, and whether the version that is live still works after the migrations (None: nothing migrates)."""

    evidence: tuple[Evidence, ...] = ()
    window: Window | None = None

    @property
    def least(self) -> Level | None:
        """The least bump that every source agrees to; None where none demands any."""
        demanded = [one.least for one in self.evidence if one.least is not None]
        return max(demanded, key=LEVELS.index, default=None)

    def as_json(self) -> dict[str, Any]:
        """The part `policy` of the one JSON object."""
        return {
            "least": self.least,
            "sources": [
                {
                    "source": one.source,
                    "least": one.least,
                    "because": list(one.because),
                    "cannot_tell": [_fault(fault) for fault in one.cannot_tell],
                    "errors": [_fault(fault) for fault in one.errors],
                    "note": one.note,
                    "losses": [_loss(loss) for loss in one.losses],
                    "warnings": [_fault(fault) for fault in one.warnings],
                }
                for one in self.evidence
            ],
            "window": None
            if self.window is None
            else {
                "open": self.window.open,
                "closed_by": list(self.window.closed_by),
                "narrowed": list(self.window.narrowed),
                "migrations": list(self.window.migrations),
                "contract": list(self.window.contract),
            },
        }


def _fault(fault: Fault) -> dict[str, Any]:
    return {"what": fault.what, "file": fault.file, "line": fault.line}


def _loss(loss: Loss) -> dict[str, Any]:
    return {
        "what": loss.said,
        "table": loss.table,
        "columns": list(loss.columns),
        "every": loss.every,
        "rows": loss.rows,
        "more": loss.is_more,
    }
