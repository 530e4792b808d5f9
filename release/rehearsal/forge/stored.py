"""What is only stored and shown: made from a body's fields, one by its id, and which of many a query chooses."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from release.rehearsal.forge.answers import Answer, Call, not_found
from release.rehearsal.forge.contract import Json
from release.rehearsal.forge.repository import Repository

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

Handler = Callable[[Repository, Call], Answer]
Show = Callable[[Repository, Any], Json]
Kept = TypeVar("Kept")
Made = TypeVar("Made", bound=msgspec.Struct)


def one(table: str, variable: str, shown: Show) -> Handler:
    """The handler that shows what a table of State has under the path's variable, or answers 404."""
    return lambda repository, call: Answer(
        shown(repository, found(getattr(repository.state, table), call, variable))
    )


def newest(table: str, shown: Show, *fields: str) -> Handler:
    """The handler that shows a table of State, newest first; a query chooses by fields that have its names."""
    names = {name: name for name in fields}

    def handler(repository: Repository, call: Call) -> Answer:
        kept = chosen(reversed(getattr(repository.state, table).values()), call, **names)
        return Answer([shown(repository, thing) for thing in kept])

    return handler


def found(table: Mapping[Any, Kept], call: Call, variable: str) -> Kept:
    """What a table has under the path's variable. Raises Refusal 404."""
    for key, kept in table.items():
        if str(key) == call.path[variable]:
            return kept
    raise not_found()


def chosen(things: Iterable[Kept], call: Call, **fields: str) -> list[Kept]:
    """The things that a query asks for; `fields` are the names of parameters, and of the fields that they look at."""
    asked = [(field, call.query[name]) for name, field in fields.items() if name in call.query]
    return [thing for thing in things if all(getattr(thing, field) == value for field, value in asked)]


def made(kind: type[Made], repository: Repository, call: Call, **known: Any) -> Made:  # noqa: ANN401
    """A thing with a new id, of what is known and what the body says under the names of its fields."""
    asked = {name: call.body[name] for name in kind.__struct_fields__ if name in call.body}
    return kind(**{**asked, "id": repository.state.new_id(), **known})


def fields(thing: object, names: str) -> Json:
    """Some fields of a thing that have the same name in GitHub's JSON."""
    return {name: getattr(thing, name) for name in names.split()}
