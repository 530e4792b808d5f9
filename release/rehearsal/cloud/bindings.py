"""A version's bindings, as wrangler sent them: what a new version takes over, and what the API shows. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from release.rehearsal.cloud.kinds import SECRET
from release.rehearsal.cloud.runtime import ScriptError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from release.rehearsal.cloud.kinds import Binding


def public(bindings: Iterable[Binding]) -> list[Binding]:
    """Return the bindings as the API shows them: a secret by its name alone, a database by both names of its id."""
    return [_public(binding) for binding in bindings]


def _public(binding: Binding) -> Binding:
    if binding["type"] == SECRET:
        return {"type": SECRET, "name": binding["name"]}
    if binding["type"] == "d1":
        uuid = binding.get("id") or binding.get("database_id")
        return {**binding, "id": uuid, "database_id": uuid}
    return binding


def inherited(
    sent: Sequence[Binding], keep: Iterable[str], previous: Sequence[Binding]
) -> tuple[Binding, ...]:
    """Return what a new version binds: what was sent, and of the previous version's the types in `keep`.

    Raises ScriptError for a binding of type `inherit` that the previous version does not have (`bindings_inherit=strict`).
    """
    before = {binding["name"]: binding for binding in previous}
    lost = [
        binding["name"] for binding in sent if binding["type"] == "inherit" and binding["name"] not in before
    ]
    if lost:
        raise ScriptError(f"there is no earlier binding to inherit for: {', '.join(lost)}")
    resolved = [before[binding["name"]] if binding["type"] == "inherit" else binding for binding in sent]
    names = {binding["name"] for binding in resolved}
    kept = [binding for binding in previous if binding["type"] in set(keep) and binding["name"] not in names]
    return (*resolved, *kept)
