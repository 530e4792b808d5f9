"""Secrets that sing: values that no text may hold, in any spelling."""

from __future__ import annotations

import base64
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote, quote_plus

from tests.faults.snapshot import git

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from release.testing import Double

NAMES = (
    "CLOUDFLARE_API_TOKEN",
    "GITHUB_TOKEN",
    "GH_TOKEN",
    "NPM_TOKEN",
    "DASHBOARD_COOKIE",
    "DASHBOARD_KEY",
    "APP_PRIVATE_KEY",
    "DATABASE_PASSWORD",
)


def value(name: str) -> str:
    """A secret whose spelling differs in a URL, in base64 and in JSON."""
    return f'canary-{name.lower()}+/"&%?~'


CANARIES = {name: value(name) for name in NAMES}
GIT = value("URL_PASSWORD")  # stands in the remote's address


@dataclass(frozen=True)
class Place:
    """Something that a person or a program can read, and its text."""

    name: str
    text: str


def spelled(secret: str) -> frozenset[str]:
    """A secret as it is, URL-encoded, as JSON has it, and in base64 at each of the three alignments."""
    raw = secret.encode()
    forms = {secret, quote(secret, safe=""), quote(secret), quote_plus(secret), secret.replace('"', '\\"')}
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        for shift in range(3):
            text = encode(b"\0" * shift + raw + b"\0" * (-(shift + len(raw)) % 3)).decode()
            cut = -(shift + len(raw)) % 3
            forms.add(text[4 if shift else 0 : len(text) - (4 if cut else 0)])
    return frozenset(forms)


def songs(places: Iterable[Place]) -> Iterator[str]:
    """Where a canary sings."""
    forms = {name: spelled(secret) for name, secret in {**CANARIES, "URL_PASSWORD": GIT}.items()}
    for place in places:
        for name, found in forms.items():
            for form in found:
                if form in place.text:
                    at = place.text.index(form)
                    yield f"{name} as {form!r} in {place.name}: ...{place.text[max(0, at - 80) : at + 120]!r}"


def left_behind(world: Double) -> list[Place]:
    """What a release leaves on the machine, on the remote, at Cloudflare and at GitHub."""
    local = (path for path in (world.root / ".release").rglob("*") if path.is_file())
    places = [Place(str(path.relative_to(world.root)), path.read_text(errors="replace")) for path in local]
    names = git(
        world.forge.repository, "cat-file", "--batch-all-objects", "--batch-check=%(objectname)"
    ).split()
    objects = "".join(git(world.forge.repository, "cat-file", "-p", name) for name in names[-60:])
    state = world.forge._file
    return [
        *places,
        Place("the remote's objects", objects),
        Place("Cloudflare's account", (world.cloud.store.directory / "account.json").read_text()),
        Place("GitHub's state", state.read_text() if state.exists() else ""),
    ]


def files_of(folder: Path) -> list[Place]:
    """The files that test and build commands wrote their environment to."""
    return [Place(path.name, path.read_text()) for path in sorted(folder.glob("environment-*"))]


def environment(world: Double) -> dict[str, str]:
    """The variables of a person who has every secret at hand."""
    others = {name: secret for name, secret in CANARIES.items() if name not in world.environ}
    return {**world.environ, **others, "PYTHONPATH": os.getcwd()}  # noqa: PTH109  # the repository, for children
