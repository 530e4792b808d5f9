"""What values are made of: frozen, equal where they hold the same, and cheap to define.

A frozen dataclass compiles its methods whenever its module is loaded: 0.4 ms each, and a command loads more than a hundred. A
`msgspec.Struct` takes a fiftieth of that.
"""

from __future__ import annotations

from dataclasses import Field, fields, make_dataclass  # noqa: TC003 - msgspec reads the annotation
from functools import cache
from typing import Any, ClassVar

import msgspec


@cache
def _fields(of: type[Frozen]) -> dict[str, Field[Any]]:
    """The fields as `dataclasses` knows them."""
    alike = make_dataclass(of.__name__, of.__struct_fields__, init=False, repr=False, eq=False)
    return {one.name: one for one in fields(alike)}


class _Fields:
    """Found when they are asked for: most values are never copied."""

    def __get__(self, _: object, of: type[Frozen]) -> dict[str, Field[Any]]:
        return _fields(of)


class Frozen(msgspec.Struct, frozen=True):
    """A frozen value that the functions of `dataclasses` take as one of theirs: it can be replaced in part.

    The default of a field is no attribute of the class: what is asked for its defaults without an instance, a step
    say, stays a dataclass.
    """

    __dataclass_fields__: ClassVar[dict[str, Field[Any]]] = _Fields()  # type: ignore[assignment]
