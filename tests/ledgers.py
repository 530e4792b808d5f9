"""After each release of a double: what each ledger has gained is what the plan says, in its order, or the first of it."""

from __future__ import annotations

import functools
import re
from typing import TYPE_CHECKING

from release.database.shape import quoted
from release.model.deployment import Database
from release.model.outcome import Listeners
from release.rehearsal.cloud.runtime import SqlError
from release.rehearsal.cloud.statements import Statement
from release.testing import Recorder

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from release.model.options import Options
    from release.model.outcome import Listener, Outcome
    from release.model.record import Granted
    from release.plan.preview import Preview
    from release.testing import Double

    Gate = Callable[[Preview], Granted] | None
    Environ = Mapping[str, str] | None
    Releasing = Callable[[Double, Options, Path | None, Gate, Listener | None, Environ], Outcome]

PLANNED = re.compile(r"(?:apply|note) (.+?)(?: from line \d+| in the ledger)?")


def compared(releasing: Releasing, foreign: Callable[[], bool]) -> Releasing:
    """The same function of `Double`, after which plan and ledgers are compared; `foreign`: somebody else migrates too."""

    @functools.wraps(releasing)
    def carried_out(
        world: Double,
        options: Options,
        root: Path | None,
        gate: Gate,
        listener: Listener | None,
        environ: Environ,
    ) -> Outcome:
        recorder = Recorder()
        both = Listeners((listener or Recorder(), recorder))
        outcome = releasing(world, options, root, gate, both, environ)
        if recorder.preview is not None and not foreign():
            for name in recorder.preview.world.databases:
                compare(world, recorder.preview, name, outcome)
        return outcome

    return carried_out


def compare(world: Double, preview: Preview, name: str, outcome: Outcome) -> None:
    """Hold what one database's ledger gained against the plan."""
    database = preview.world.databases[name]
    if not isinstance(database, Database):
        return
    expected = [] if outcome.outcome in {"blocked", "nothing", "planned"} else planned(preview, database.name)
    gained = [one for one in ledger(world, database) if one not in database.applied]
    assert gained == expected[: len(gained)], f"{database.name}: planned {expected}, gained {gained}"
    if outcome.outcome == "released":
        assert gained == expected, f"{database.name}: planned {expected}, gained {gained}"


def planned(preview: Preview, target: str) -> list[str]:
    """The migrations that the steps to come apply to a database, or note in its ledger."""
    writes = (write for one in preview.forecasts for write in one.writes)
    whats = [
        one.what
        for one in writes
        if (one.system, one.target) == ("d1", target) and preview.only in {None, one.step}
    ]
    return [found[1] for what in whats if (found := PLANNED.fullmatch(what))]


def ledger(world: Double, database: Database) -> list[str]:
    """The names in a ledger as D1 holds it."""
    query = Statement(f"SELECT name FROM {quoted(database.table)} ORDER BY id")
    try:
        (found,) = world.runtime.d1(database.uuid, [query])
    except (SqlError, KeyError):
        return []
    return [str(row["name"]) for row in found.rows]
