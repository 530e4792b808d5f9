"""The app of a release: what it is called, where its version stands, and how its tags are named."""

from __future__ import annotations

import json
import posixpath
import re
from typing import TYPE_CHECKING, Any

from release.commands.init import packages
from release.commands.init.questions import Question
from release.config.rules import LONG_VERSION, too_long
from release.errors import UsageError
from release.formats.version import TagPattern, highest, parse

if TYPE_CHECKING:
    from collections.abc import Mapping

    from release.commands.init.packages import Packages
    from release.commands.init.questions import Ask
    from release.commands.init.repository import Repository
    from release.commands.init.workers import Found


def identity(
    repository: Repository, app: Found, held: Packages, ask: Ask
) -> tuple[dict[str, Any], Mapping[str, str], tuple[str, ...]]:
    """The table `app`, the package.json that gets a version where no file has one (path -> text), and what is not sure."""
    found = packages.version_places(repository, app.path, held.folder)
    changed: dict[str, str] = {}
    version = ""
    if found is None:
        path = packages.beside(app.path, "package.json")
        text = repository.text(path)
        asked = Question("version", f"No package.json has a version. Which one does {app.name} get?", "0.1.0")
        version = ask(asked)
        changed[path] = _with_version(path, text, app.name, version)
        found = path, []
    manifest, entries = found
    tag, note = _tag(repository, app.name, manifest, version, ask)
    table = {
        "name": app.name,
        "manifest": manifest,
        "tag": tag,
        **({"bump_also": [{"file": file, "key": list(key)} for file, key in entries]} if entries else {}),
    }
    return table, changed, (note,) if note else ()


def _tag(repository: Repository, name: str, manifest: str, version: str, ask: Ask) -> tuple[str, str]:
    """How releases are tagged: as the tags that are there, where they are this app's; asked and noted where that is not sure."""
    ours = version or str(packages.manifest(repository, manifest).get("version"))
    guess = _guess(repository, name, manifest)
    newest = highest(repository.tags, TagPattern(guess))
    tagged = newest[1] if newest else ""
    is_sure = newest is None or name in guess or newest[0] in _versions(repository)
    why = f"The newest tag is {tagged}, and no package.json has that version ({manifest} has {ours})."
    text = f"How are releases of {name} tagged?"
    asked = Question("tag", text if is_sure else f"{why} {text}", guess, is_offered=is_sure)
    said = ask(asked)
    if said.count("{version}") != 1:
        raise UsageError(
            f'"{said}" is no tag pattern: it needs {{version}} once.',
            f"Say one such as: --answer tag={name}-v{{version}}",
        )
    if is_sure or said != guess:
        return said, ""
    return said, f"{why} Releases of {name} go on from {tagged}. If it is not its own: --answer tag=..."


def _versions(repository: Repository, *, but: str = "") -> frozenset[str]:
    """The versions of all packages."""
    paths = (path for path in repository.files if posixpath.basename(path) == "package.json" and path != but)
    return frozenset(str(packages.manifest(repository, path).get("version")) for path in paths)


def _guess(repository: Repository, name: str, manifest: str) -> str:
    ours = str(packages.manifest(repository, manifest).get("version"))
    others = _versions(repository, but=manifest)
    for text in (
        f"{name}-v{{version}}",
        f"{name}@{{version}}",
        f"{name}-{{version}}",
        "v{version}",
        "{version}",
    ):
        newest = highest(repository.tags, TagPattern(text))
        if newest is None:
            continue
        if name not in text and newest[0] != ours and newest[0] in others:
            continue  # another package's: its manifest has the number of the newest tag, ours has not
        return text
    is_alone = sum(posixpath.basename(path) == "package.json" for path in repository.files) <= 1
    own = TagPattern(f"{name}-v{{version}}")
    return "v{version}" if is_alone or too_long(own.tag(LONG_VERSION)) > 0 else own.text


def _with_version(path: str, text: str | None, name: str, version: str) -> str:
    """A package.json with a version as its first entry, behind the name where that comes first."""
    try:
        parse(version)
    except ValueError as error:
        raise UsageError(f"{error}.", "Say one such as 0.1.0: --answer version=0.1.0") from None
    entry = f'"version": {json.dumps(version)}'
    if text is None:
        return f'{{\n  "name": {json.dumps(name)},\n  "private": true,\n  {entry}\n}}\n'
    named = re.match(r'\s*\{(?P<gap>\s*)"name"\s*:\s*"[^"\\]*"', text)
    if named:
        return f"{text[: named.end()]},{named['gap']}{entry}{text[named.end() :]}"
    opened = re.match(r"\s*\{(?P<gap>\s*)(?P<end>\}?)", text)
    if opened is None:
        raise UsageError(f"{path} is no JSON object.", "Correct it, then run the same command again.")
    comma = "" if opened["end"] else ","
    gap = opened["gap"]
    return f"{text[: opened.start('gap')]}{gap}{entry}{comma}{gap}{text[opened.end('gap') :]}"
