"""Watches what becomes of rows: files run once more on sample rows, and what no statement names must be as before.

A file that can lose nothing is only kept, so that those behind it find what it made.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from release.database.invented import empty
from release.database.row_course import RowCourse, Scene
from release.database.samples import SORTS
from release.database.sqlite import SqlError

if TYPE_CHECKING:
    import apsw

    from release.database.grades import Reason
    from release.database.shape import Schema

# which sorts of rows are left out, try by try: those of production may fit where one of these does not
_WITHOUT = (
    (),
    ("alien",),
    ("sparse",),
    ("twin",),
    ("odd",),
    ("empty",),
    ("alien", "sparse"),
    SORTS[1:],
    SORTS,
    ("plain", *SORTS),
)


class Witness:
    """A scratch with sample rows, made when the first file comes that can lose something."""

    def __init__(self, released: apsw.Connection, schema: Schema) -> None:
        self._released = released
        self._schema = schema
        self._files: list[str] = []
        self._tried = 0
        self._scene: Scene | None = None
        self._bare: frozenset[str] = frozenset()

    def leave_empty(self, names: frozenset[str]) -> None:
        """Have no rows in these tables from now on: with them the next file fails."""
        self._bare |= names
        self._scene = None

    def keep(self, text: str) -> None:
        """Take over a file that can lose nothing."""
        self._files.append(text)
        if self._scene is not None:
            try:
                self._scene.replay(text)
            except SqlError:
                self._scene = None

    def losses(self, text: str, group: frozenset[str]) -> tuple[Reason, ...]:
        """What a file takes away, in these tables. Raises ScratchError where no sample rows let it pass.

        Rows of some sort may be refused where those of production are not: it is tried again without them.
        """
        last = SqlError("it was not run")
        for at in range(self._tried, len(_WITHOUT)):
            self._tried = at
            try:
                scene = self._scene or self._made(at)
                found = RowCourse(scene, self._schema, group).take(text)
            except SqlError as error:
                self._scene, last = None, error
                continue
            self._scene = scene
            self._files.append(text)
            return found
        raise last

    def _made(self, at: int) -> Scene:
        sorts = [sort for sort in ("plain", *SORTS) if sort not in _WITHOUT[at]]
        scene = Scene(self._released, sorts)
        for text in self._files:
            scene.replay(text)
        empty(scene.connection, self._bare & scene.look().tables.keys())
        return scene
