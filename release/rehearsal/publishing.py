"""The packages of a stage: their last releases, published to the stage's own registry, and installed back from it."""

from __future__ import annotations

import json
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from release import extensions
from release.config import of_target
from release.errors import ReleaseError
from release.formats.manifest import value_at
from release.formats.version import TagPattern, highest
from release.observe.packages import read_package
from release.rehearsal import packages
from release.rehearsal.checkout import StageError, git, worktree
from release.run.effects.perform import perform
from release.systems.machine import shell
from release.systems.npm.node import node
from release.systems.ops import connect

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from release.config import Config
    from release.config.target import Target

SCRIPTS = {"prepack", "prepare", "prepublishOnly", "postpack"}  # what npm runs when it packs
LONGEST = 300.0


def targets_of(config: Config) -> tuple[Target, ...]:
    """The packages that the plugins of a project publish. Raises UsageError for a plugin that does not fit."""
    return extensions.load(config).targets()


def tag_last(config: Config, targets: tuple[Target, ...], last_tag: str, environ: Mapping[str, str]) -> None:
    """Give each package that was never released a tag at the app's last release, with the version that it has there."""
    for target in targets:
        if _last(config, target, environ) is not None:
            continue
        try:
            text = git(config.root, environ, "show", f"{last_tag}:{target.manifest}").encode()
        except StageError:
            continue  # the package is younger
        tag = TagPattern(target.tag).tag(value_at(text, ("version",), target.manifest))
        who = {"GIT_COMMITTER_NAME": config.identity.name, "GIT_COMMITTER_EMAIL": config.identity.email}
        words = ("tag", "--annotate", tag, f"{last_tag}^{{commit}}", "--message", tag)
        git(config.root, environ, *words, extra={**who, "GIT_COMMITTER_DATE": "2026-01-05T09:00:00Z"})


def publish_last(
    config: Config,
    targets: tuple[Target, ...],
    target: Target,
    folder: Path,
    cache: Path,
    environ: Mapping[str, str],
) -> None:
    """Publish the last release of a package, from a checkout of its tag in `folder`, which goes afterwards.

    Raises StageError when it cannot be packed or published.
    """
    tag = _last(config, target, environ)
    if tag is None:
        return
    worktree(config.root, folder, tag, environ)
    said: list[str] = []
    try:
        scripts = json.loads((folder / target.manifest).read_bytes()).get("scripts") or {}
        if SCRIPTS & set(scripts):
            packages.install(config, folder, cache, environ, said.append)
        at = of_target(msgspec.structs.replace(config, root=folder), target, targets)
        ops = connect(at, target.name, environ, perform=perform)
        try:
            package = read_package(ops)
            if package is None:
                raise StageError(f"{target.name} is no package.")
            packed = ops.npm.pack(target.folder, folder / ".release" / "packages", LONGEST, said.append)
            words = ("--tag", package.dist_tag(TagPattern(target.tag).version(tag) or "0.0.0"))
            ops.npm.publish(packed, package.name, package.registry, words, LONGEST, said.append)
        finally:
            ops.close()
    except ReleaseError as error:
        raise StageError(
            f"{tag} cannot be published on the stage: {error.what}", "\n".join(said[-8:])
        ) from error
    finally:
        git(config.root, environ, "worktree", "remove", "--force", str(folder))


def installed_back(
    package: str, version: str, environ: Mapping[str, str], say: Callable[[str], None]
) -> None:
    """Install a package from the stage's registry into an empty folder, and load it. Raises StageError."""
    say(f"installing {package}@{version} from the registry into an empty folder")
    env = {name: value for name, value in environ.items() if name not in {"NODE_AUTH_TOKEN", "NPM_TOKEN"}}
    env["PATH"] = f"{node(environ).parent}:{environ.get('PATH', '')}"
    with tempfile.TemporaryDirectory(prefix="installed-back-") as empty:
        folder = Path(empty)
        (folder / "package.json").write_text('{ "name": "empty", "private": true }\n', "utf-8")
        env |= {
            "HOME": empty,
            "NPM_CONFIG_CACHE": str(folder / "cache"),
            "NPM_CONFIG_USERCONFIG": str(folder / ".npmrc"),
        }
        _run(
            ("npm", "install", "--ignore-scripts", "--no-audit", "--no-fund", f"{package}@{version}"),
            folder,
            env,
        )
        there = folder / "node_modules" / package
        manifest = json.loads((there / "package.json").read_bytes())
        if manifest.get("version") != version:
            raise StageError(f"npm installed {package} {manifest.get('version')}, not {version}.")
        if manifest.get("exports") or manifest.get("main"):
            load = "await import(process.argv[1])"
            _run((str(node(environ)), "--input-type=module", "--eval", load, package), folder, env)
        declared = manifest.get("bin") or {}
        for name in declared if isinstance(declared, dict) else [package.rpartition("/")[2]]:
            if not (folder / "node_modules" / ".bin" / name).is_file():
                raise StageError(f"{package} {version} was installed without its command {name}.")
    say(f"{package}@{version} installs and loads")


def _run(command: tuple[str, ...], folder: Path, env: Mapping[str, str]) -> None:
    found = shutil.which(command[0], path=env["PATH"]) or command[0]
    done = shell.capture((found, *command[1:]), cwd=folder, env=env, deadline=LONGEST)
    if done.code:
        raise StageError(f"{command[0]} {command[1]} failed in an empty folder: {done.err[-600:]}")


def _last(config: Config, target: Target, environ: Mapping[str, str]) -> str | None:
    pattern = TagPattern(target.tag)
    names = git(config.root, environ, "tag", "--list", "--merged", "HEAD").split()
    found = highest(names, pattern)
    return found[1] if found else None
