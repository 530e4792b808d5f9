"""What CI does after a push to main, in a double and without running anything: a green check, and the commit on staging."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

import msgspec

from release.rehearsal.cloud.runtime import SqlError
from release.rehearsal.cloud.state import Share
from release.rehearsal.cloud.statements import Statement, split
from release.testing.monorepo import MIGRATIONS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from release.rehearsal.cloud.server import Cloud
    from release.rehearsal.cloud.state import Deployment, Script, Version
    from release.rehearsal.forge import Forge
    from release.testing.monorepo import NewCommit

COMMIT = "COMMIT_SHA"


def pushed(
    forge: Forge,
    cloud: Cloud,
    scripts: tuple[str, ...],
    databases: Mapping[str, str],
    new: list[NewCommit],
    tip: str,
) -> None:
    """CI for a push to main of these commits, the last of which is `tip`; staging follows where it is there.

    `databases` are staging's, by the folder of their migrations.
    """
    forge.add_check_run(tip, "required")
    if set(scripts) <= set(cloud.account.scripts):
        for one in new:
            for folder, database in databases.items():
                migrate(cloud, database, one.files, folder)
        ship(cloud, scripts, tip)


def ship(cloud: Cloud, scripts: tuple[str, ...], commit: str) -> None:
    """Let scripts that exist serve the bundles that they have as this commit's, as a deployment of it would be marked."""
    for name in scripts:
        script = cloud.account.scripts.get(name)
        if script is None or not script.versions:
            continue
        version = _marked(script, commit)
        folder = cloud.store.folder(script.versions[-1])
        cloud.store.write_modules(
            version, {module.name: (folder / module.name).read_bytes() for module in version.modules}
        )
        with cloud.store.guard:
            deployed = _deployed(script, version, commit)
            cloud.take(cloud.account.with_version(version).with_deployment(name, deployed), version)


def migrate(
    cloud: Cloud, database: str, changes: Mapping[str, bytes | str | None], folder: str = MIGRATIONS
) -> None:
    """Apply the migrations among a commit's changes; one that fails is noted all the same, as if CI had fixed it by hand."""
    for path in sorted(changes):
        sql = changes[path]
        if not path.startswith(f"{folder}/") or sql is None:
            continue
        text = sql.decode(errors="replace") if isinstance(sql, bytes) else sql
        name = path.removeprefix(f"{folder}/")
        noted = Statement("INSERT OR IGNORE INTO d1_migrations(name) VALUES (?)", (name,))
        for statements in ([Statement(one) for one in split(text)], [noted]):
            try:
                cloud.runtime.d1(database, statements)
            except SqlError:
                continue


def _marked(script: Script, commit: str) -> Version:
    newest = script.versions[-1]
    bindings = tuple({**one, "text": commit} if one["name"] == COMMIT else one for one in newest.bindings)
    tag = f"{newest.tag.partition('+')[0]}+{commit}"
    return msgspec.structs.replace(
        newest,
        id=str(uuid.uuid4()),
        number=newest.number + 1,
        annotations={**newest.annotations, "workers/tag": tag},
        bindings=bindings,
    )


def _deployed(script: Script, version: Version, commit: str) -> Deployment:
    newest = script.deployments[-1]
    message = f"was {newest.versions[0].version_id} base {commit}"
    return msgspec.structs.replace(
        newest,
        id=str(uuid.uuid4()),
        versions=(Share(version.id, 100),),
        annotations={**newest.annotations, "workers/message": message},
    )
