"""Makes a stage like the environment that was read: its databases hold the same, and what serves binds the same."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import uuid4

import msgspec

from release.rehearsal.checkout import StageError
from release.rehearsal.cloud import snapshots
from release.rehearsal.cloud.backend import AUTHOR, now
from release.rehearsal.cloud.kinds import SECRET_KINDS
from release.rehearsal.cloud.runtime import SqlError
from release.rehearsal.cloud.state import Share, Version
from release.rehearsal.cloud.uploads import WHOLE, new_deployment

DATE = "2025-01-01"

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from release.rehearsal.cloud.server import Cloud
    from release.rehearsal.cloud.state import Account
    from release.rehearsal.likeness import Bound, Content, Likeness


def lay(cloud: Cloud, likeness: Likeness) -> list[str]:
    """Put it in the place of what a running stage holds; what a person has to know of it, in lines.

    Raises StageError where a database cannot be made like that.
    """
    for content in likeness.databases:
        _fill(cloud, content)
    lines = [_rows(one) for one in likeness.databases]
    for bound in likeness.scripts:
        lines += _bind(cloud, bound, likeness.secrets.get(bound.script, {}))
    return lines


def put_secrets(
    cloud: Cloud, secrets: Mapping[str, Mapping[str, str]], dummies: Sequence[str], say: Callable[[str], None]
) -> None:
    """Make a draft of each script that holds its secrets, as `wrangler secret put` does where there is none yet.

    A deploy keeps them. A line names the dummies.
    """
    for script, values in secrets.items():
        bindings = tuple({"type": "secret_text", "name": name, "text": text} for name, text in values.items())
        draft = Version(
            id=str(uuid4()),
            script=script,
            number=1,
            created_on=now(),
            author_email=AUTHOR,
            source="wrangler",
            annotations={"workers/triggered_by": "secret"},
            bindings=bindings,
            main_module="",
            modules=(),
            compatibility_date=DATE,
        )
        deployment = new_deployment((Share(draft.id, WHOLE),), {"workers/triggered_by": "secret"})
        with cloud.store.guard:
            if script not in cloud.account.scripts:
                cloud.take(cloud.account.with_version(draft).with_deployment(script, deployment), draft)
    if dummies:
        say(f"secrets that are dummies here: {', '.join(dummies)}")


def _rows(content: Content) -> str:
    without = f", {content.left_out} left out whose foreign keys lead to rows that were not read"
    return f"{content.name} has its real schema and ledger, and {content.rows} of its rows{without if content.left_out else ''}"


def _fill(cloud: Cloud, content: Content) -> None:
    databases = cloud.account.databases
    database = next((one for one in databases.values() if one.name == content.name), None)
    if database is None:
        return
    try:
        snapshots.restore(cloud.runtime, database.uuid, "\n".join(content.statements))
    except SqlError as error:
        raise StageError(
            f"The stage's {content.name} cannot be made like the real one: {error}",
            "Rehearse with --rows 0, which copies its schema and its ledger alone.",
        ) from error
    with cloud.store.guard:
        moved = msgspec.structs.replace(database, moment=database.moment + 1, digest="")
        cloud.store.save(cloud.account.with_database(moved))


def _bind(cloud: Cloud, bound: Bound, secrets: Mapping[str, str]) -> list[str]:
    lacking = _bind_also(cloud, bound.script, bound.bindings, secrets)
    others = [f"{one['name']} ({one['type']})" for one in lacking if one["type"] not in SECRET_KINDS]
    if not others:
        return []
    return [f"{bound.script} binds there what its last release here does not: {', '.join(others)}"]


def _bind_also(
    cloud: Cloud, script: str, bindings: Iterable[dict[str, Any]], secrets: Mapping[str, str]
) -> list[dict[str, Any]]:
    """Let what a script serves bind these too; those that it did not. The version stays the same one."""
    with cloud.store.guard:
        known = cloud.account.scripts.get(script)
        version = known.version(known.home) if known and known.home else None
        if known is None or version is None:
            return []
        own = {one["name"] for one in version.bindings}
        lacking = [one for one in bindings if one["name"] not in own]
        if not lacking:
            return []
        for one in lacking:
            if one["type"] == "d1":
                uuid = str(one.get("id") or one.get("database_id"))
                cloud.add_database(uuid, str(one.get("database_name") or uuid))
        valued = [
            {**one, "text": secrets.get(one["name"], "")} if one["type"] in SECRET_KINDS else one
            for one in lacking
        ]
        changed = msgspec.structs.replace(version, bindings=(*version.bindings, *valued))
        cloud.take(_with(cloud.account, known.name, changed))
        return lacking


def _with(account: Account, name: str, changed: Any) -> Account:  # noqa: ANN401  # a Version
    script = account.scripts[name]
    versions = tuple(changed if one.id == changed.id else one for one in script.versions)
    return account.with_script(msgspec.structs.replace(script, versions=versions))
