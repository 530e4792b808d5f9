"""What types alone cannot say of the settings: paths, names, addresses, and what must fit together."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import msgspec

from release.config.database_rules import broken_databases
from release.config.databases import as_written
from release.config.health import Health
from release.config.messages import Fault, bare, metas, nearest, parts_of
from release.config.types import PATH
from release.formats.version import ref_fault

if TYPE_CHECKING:
    from collections.abc import Iterator

    from release.config.messages import Path
    from release.config.places import Worker
    from release.config.tables import Environment, Settings

LONGEST_ANNOTATION = 100  # bytes of Cloudflare's workers/tag (reported by its users)
LONGEST_SCRIPT = 63  # characters of a label in a host name, which a script's name becomes
LONG_VERSION = "1000.1000.1000-rc.100"
_SECRET = re.compile(r"TOKEN|SECRET|PASSWORD|PASSWD|CREDENTIAL|KEY(?:S|_|$)", re.IGNORECASE)
_PLACEHOLDER = re.compile(r"\{[^{}]*\}|[{}]")
_ENVIRONMENT_NAME = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?")
_COMMANDS = frozenset({"run", "build", "deploy", "install"})
_SCRIPT_NAME = re.compile(r"[A-Za-z0-9_-]+")


def broken_rules(settings: Settings) -> list[Fault]:
    """Return every rule that the settings break, in the order of the keys."""
    written = as_written(settings)
    unseen = list(_unseen_characters(msgspec.to_builtins(written), ()))
    if unseen:  # the other rules show what they found
        return unseen
    return [
        *_paths(written),
        *_app(settings),
        *_test(settings),
        *_workers(settings),
        *broken_databases(settings),
        *_environments(settings),
        *_checklist(settings),
        *_refs(settings),
        *_policy(settings),
    ]


def _unseen_characters(value: object, path: Path) -> Iterator[Fault]:
    """A pattern's "$" lets a final newline pass, so this looks at every text but the words of a command."""
    if isinstance(value, str) and not value.isprintable():
        yield Fault(path, f"holds a character that cannot be seen, found {value!r}")
    if isinstance(value, Mapping):
        for key, part in value.items():
            if key not in _COMMANDS and (path, key) != (
                (),
                "plugin",
            ):  # what plugins take is their own affair
                yield from _unseen_characters(key, (*path, key))
                yield from _unseen_characters(part, (*path, key))
    elif isinstance(value, Sequence) and not isinstance(value, str):
        for index, part in enumerate(value):
            yield from _unseen_characters(part, (*path, index))


def _paths(settings: Settings) -> Iterator[Fault]:
    for path, text in _all_paths(msgspec.to_builtins(settings), type(settings), ()):
        parts = text.split("/")
        if text.startswith("/") or re.match(r"[A-Za-z]:", text):
            yield Fault(path, f'expected a path relative to the folder of pyproject.toml, found "{text}"')
        elif "\\" in text or ".." in parts or "" in parts or (text != "." and "." in parts) or "\0" in text:
            yield Fault(path, f'expected a path such as "apps/cms", without "." and "..", found "{text}"')


def _all_paths(value: object, kind: Any, path: Path) -> Iterator[tuple[Path, str]]:  # noqa: ANN401
    """Every value whose type says that it is a path."""
    if isinstance(value, str) and any(PATH in (meta.extra or {}) for meta in metas(kind)):
        yield path, value
    for key, part, part_kind in parts_of(value, bare(kind)):
        yield from _all_paths(part, part_kind, (*path, key))


def too_long(tag: str) -> int:
    """By how many bytes a tag with a commit is longer than what Cloudflare keeps of a version; 0 or less where it fits."""
    return len(f"{tag}+{'0' * 40}".encode()) - LONGEST_ANNOTATION


def _app(settings: Settings) -> Iterator[Fault]:
    path = ("app", "tag")
    try:
        tag = settings.app.pattern.tag(LONG_VERSION)
    except ValueError as error:
        yield Fault(path, str(error))
        return
    over = too_long(tag)
    if over > 0:
        yield Fault(
            path, f"{over} bytes too long: a tag, a plus sign and a commit must fit into {LONGEST_ANNOTATION}"
        )


def _test(settings: Settings) -> Iterator[Fault]:
    for index, name in enumerate(settings.test.environment):
        if _SECRET.search(name):
            yield Fault(
                ("test", "environment", index), f'"{name}" looks like a secret, which tests must not see'
            )


def _workers(settings: Settings) -> Iterator[Fault]:
    seen: set[str] = set()
    for index, worker in enumerate(settings.workers):
        if worker.name in seen:
            yield Fault(
                ("workers", index, "name"), f'a second worker named "{worker.name}"; names must differ'
            )
        seen.add(worker.name)
        yield from _placeholders(("workers", index, "script"), worker.script, {"{environment}"})
        for name, value in worker.vars.items():
            yield from _placeholders(
                ("workers", index, "vars", name), value, {"{version}", "{commit}", "{tag}"}
            )
    if all("{" not in worker.script.replace("{environment}", "") for worker in settings.workers):
        yield from _scripts(settings)


def _scripts(settings: Settings) -> Iterator[Fault]:
    owner: dict[str, Worker] = {}
    for environment in settings.environments.values():
        for index, worker in enumerate(settings.workers):
            if not worker.script:
                continue  # the wrangler files say it: release/config/scripts.py
            script = worker.script_in(environment)
            path = ("workers", index, "script")
            if not environment.wrangler and "{environment}" in worker.script:
                yield Fault(
                    path,
                    "{environment} means nothing at the top level; leave `script` out: the wrangler file says it",
                )
                return
            if script in owner:
                yield Fault(
                    path, f'two deployments would share the script "{script}"; use {{environment}} in it'
                )
                return
            owner[script] = worker
            if not _SCRIPT_NAME.fullmatch(script) or len(script) > LONGEST_SCRIPT:
                yield Fault(
                    path, f'expected letters, digits, "-" and "_", {LONGEST_SCRIPT} at most, found "{script}"'
                )
                return


def _policy(settings: Settings) -> Iterator[Fault]:
    seen: set[str] = set()
    for index, surface in enumerate(settings.policy.surfaces):
        path = ("policy", "surfaces", index)
        if bool(surface.openapi) == bool(surface.run):
            yield Fault(path, "expected either `openapi` or `run`")
        if surface.name in seen:
            yield Fault((*path, "name"), f'there are two surfaces "{surface.name}"')
        seen.add(surface.name)


def _environments(settings: Settings) -> Iterator[Fault]:
    if settings.production not in settings.environments:
        known = nearest(settings.production, settings.environments)
        yield Fault(("production",), f'there is no environment "{settings.production}"; {known}')
    for name, environment in settings.environments.items():
        path: Path = ("environments", name)
        if not _ENVIRONMENT_NAME.fullmatch(name):
            yield Fault(path, "expected a name of small letters, digits and hyphens")
        if environment.top_level and environment.wrangler:
            yield Fault(
                (*path, "top_level"),
                f'either the top level or wrangler = "{environment.wrangler}"; take one out',
            )
        problem = _url_problem(environment.url)
        if problem:
            yield Fault((*path, "url"), problem)
        yield from _health(path, environment)
        yield from _smoke(path, environment)


def _health(path: Path, environment: Environment) -> Iterator[Fault]:
    """What the types let pass: true for a route, or for the name of a field, and an address that is none."""
    health = environment.health
    if health is True:
        yield Fault((*path, "health"), "expected a table, or false where there is no health route")
    if isinstance(health, bool):
        return
    path = (*path, "health")
    for name in ("status", "version", "commit", "version_id"):
        if getattr(health, name) is True:
            yield Fault((*path, name), "expected the name of the field, or false where there is none")
    if health.url is None:
        return
    problem = _url_problem(health.url.partition("?")[0].rstrip("/"))
    if problem or "#" in health.url:
        yield Fault((*path, "url"), problem or f'expected a URL without "#", found "{health.url}"')
    if health.path != Health().path:
        yield Fault((*path, "url"), "`path` and `url` cannot both be set; `url` is the whole address")


def _checklist(settings: Settings) -> Iterator[Fault]:
    checklist, workers = settings.checklist, [worker.name for worker in settings.workers]
    tried = checklist.environment
    if tried == settings.production:
        yield Fault(
            ("checklist", "environment"), f'"{tried}" is production itself; name where commits are tried'
        )
    elif tried is not None and tried not in settings.environments:
        known = nearest(tried, settings.environments)
        yield Fault(("checklist", "environment"), f'there is no environment "{tried}"; {known}')
    for name in checklist.required_secrets:
        if name not in workers:
            problem = f'there is no worker "{name}"; {nearest(name, workers)}'
            yield Fault(("checklist", "required_secrets", name), problem)


def _url_problem(url: str) -> str | None:
    try:
        parts = urlsplit(url)
        _ = parts.port  # raises where it is none
    except ValueError as error:
        return f"expected a URL: {error}"
    if parts.username is not None or parts.password is not None:
        return "a URL in the configuration must not hold credentials"  # and is not shown, for they would be
    if parts.scheme not in {"http", "https"} or not parts.hostname or re.search(r"\s", url):
        return f'expected a URL such as "https://cms.example.com", found "{url}"'
    if parts.query or parts.fragment or url.endswith("/"):
        return f'expected a URL without a slash at the end, "?" and "#", found "{url}"'
    return None


def _smoke(path: Path, environment: Environment) -> Iterator[Fault]:
    smoke = environment.smoke
    needed = smoke.settle + (smoke.streak - 1) * smoke.interval
    if needed >= smoke.deadline:
        problem = f"{smoke.deadline} s leave no time: settle and the streak alone take {needed:g} s"
        yield Fault((*path, "smoke", "deadline"), problem)


def _refs(settings: Settings) -> Iterator[Fault]:
    fault = ref_fault(settings.branch)
    if fault:
        yield Fault(("branch",), f'"{settings.branch}" {fault}, which git does not allow in a branch')
    ref = settings.record_ref
    filled = ref.replace("{environment}", "production")
    fault = ref_fault(filled)
    if ref.count("{environment}") != 1 or not ref.startswith("refs/") or fault:
        because = f"; it {fault}" if fault else ""
        problem = f'expected a ref such as "refs/release/{{environment}}", found "{ref}"{because}'
        yield Fault(("record_ref",), problem)
    else:
        yield from _placeholders(("record_ref",), ref, {"{environment}"})


def _placeholders(path: Path, text: str, known: set[str]) -> Iterator[Fault]:
    for found in _PLACEHOLDER.findall(text):
        if found not in known:
            yield Fault(path, f'"{found}" means nothing here; known: {", ".join(sorted(known))}')
