"""Classes of Durable Objects: what a script's migrations made of them, and where each keeps its objects. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from release.rehearsal.cloud.envelope import ApiError
from release.rehearsal.cloud.state import DurableClass

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from release.rehearsal.cloud.bodies import Metadata, Migrations, Step
    from release.rehearsal.cloud.kinds import Binding
    from release.rehearsal.cloud.state import Account, Script, Version

    Classes = dict[str, DurableClass]

NOT_A_CLASS = 10061
NOT_EXPORTED = 10064
WRONG_TAG = 10079
PENDING = 10211


def migrated(account: Account, script: Script, metadata: Metadata) -> Script:
    """The script after an upload's migrations, or after its `exports`, which say what there is instead of what changes.

    Raises ApiError 400: 10079 where the migrations start from another tag than the script is at.
    """
    from msgspec import structs

    if metadata.exports:
        return structs.replace(script, classes=_declared(script, metadata.exports))
    if metadata.migrations is None:
        return script
    sent = metadata.migrations
    if (sent.old_tag or None) != script.migration_tag:
        at = script.migration_tag or ""
        raise ApiError(400, WRONG_TAG, f"Migration tag precondition failed; current tag is {at!r}.")
    classes = dict(script.classes)
    for number, step in enumerate(sent.parts):
        classes = _stepped(account, script.name, classes, step, f"{_tag(sent)}.{number}")
    return structs.replace(script, classes=classes, migration_tag=sent.new_tag or script.migration_tag)


def refuse_unknown(account: Account, script: Script, bindings: Iterable[Binding]) -> None:
    """Raise ApiError 400 (10061) for a binding to a class that is none of Durable Objects."""
    for binding in bindings:
        if binding["type"] != "durable_object_namespace":
            continue
        name, owner = str(binding.get("class_name")), binding.get("script_name") or script.name
        known = script if owner == script.name else account.scripts.get(owner)
        if known is not None and name not in known.classes:
            raise ApiError(
                400,
                NOT_A_CLASS,
                f"Cannot create binding for class '{name}' because it is not currently configured to implement "
                "Durable Objects. Ensure a --new-class migration has been applied to it.",
            )


def refuse_alone(script: Script, metadata: Metadata) -> None:
    """Raise ApiError 400 (10211) for a version without a deployment that would change the classes."""
    declared = metadata.exports and _declared(script, metadata.exports).keys() != script.classes.keys()
    if metadata.migrations is not None or declared:
        raise ApiError(
            400,
            PENDING,
            "Version upload failed. The version includes a Durable Object migration, and migrations must be fully applied "
            "by a non-versioned deployment: wrangler deploy.",
        )


def refuse_across(script: Script, version: Version) -> None:
    """Raise ApiError 400 for a deployment of a version that a migration of Durable Objects lies behind (Rollbacks, Limits)."""
    if version.migration_tag != script.migration_tag:
        raise ApiError(
            400,
            PENDING,
            f"Version {version.id} cannot be deployed: a Durable Object migration ({script.migration_tag}) was applied since.",
        )


def _tag(sent: Migrations) -> str:
    return sent.new_tag or "untagged"


def _stepped(account: Account, script: str, classes: Classes, step: Step, created: str) -> Classes:
    """The classes after one step. A class made anew never finds the objects of one of its name that was deleted."""
    found = dict(classes)
    for name in (*step.new_classes, *step.new_sqlite_classes):
        sqlite = name in step.new_sqlite_classes
        found.setdefault(name, DurableClass(f"{script}-{name}-{created}", sqlite=sqlite))
    for renamed in step.renamed_classes:
        if renamed.name_from not in found:
            raise _missing("rename", renamed.name_from)
        found[renamed.name_to] = found.pop(renamed.name_from)
    for moved in step.transferred_classes:
        other = account.scripts.get(moved.from_script)
        if other is None or moved.name_from not in other.classes:
            raise _missing("transfer", f"{moved.from_script}.{moved.name_from}")
        found[moved.name_to] = other.classes[moved.name_from]
    for name in step.deleted_classes:
        if name not in found:
            raise _missing("delete", name)
        del found[name]
    return found


def _missing(what: str, name: str) -> ApiError:
    return ApiError(400, NOT_A_CLASS, f"Cannot apply migration: there is no class {name!r} to {what}.")


def _declared(script: Script, exports: Mapping[str, Mapping[str, Any]]) -> Classes:
    """The classes that `exports` names, each with the objects that it had; a renamed one takes them along."""
    found: Classes = {}
    objects = {name: one for name, one in exports.items() if one.get("type") == "durable-object"}
    renamed = {one.get("renamedTo", one.get("renamed_to")): name for name, one in objects.items()}
    for name, one in objects.items():
        if one.get("state", "created") not in {"created", "expecting-transfer"}:
            continue
        before = script.classes.get(name) or script.classes.get(renamed.get(name, ""))
        made = DurableClass(
            f"{script.name}-{name}-{len(script.versions)}", sqlite=one.get("storage") == "sqlite"
        )
        found[name] = before or made
    return found
