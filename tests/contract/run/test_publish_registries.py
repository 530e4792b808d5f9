"""Verdaccio and the registry in memory answer alike, to the real npm and to the one of a double."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest

from release.errors import EffectError
from release.rehearsal.registry.memory import MemoryRegistry
from release.rehearsal.registry.verdaccio import Verdaccio, install
from release.systems.machine.secrets import Mask
from release.systems.npm.client import Npm
from release.systems.npm.registry import Registry, integrity_of
from release.systems.web.http import Http
from release.testing.npm import HttpNpm, document_of, tarball

if TYPE_CHECKING:
    from collections.abc import Iterator

    from release.model.registry import Package

ROOT = Path(__file__).parents[3]
NAME = "@acme/api"
Running = MemoryRegistry | Verdaccio
KINDS = ["memory", pytest.param("verdaccio", marks=pytest.mark.rehearsal)]


@pytest.fixture(scope="module", params=KINDS)
def running(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A registry that nobody has published to."""
    registry: Running
    if request.param == "memory":
        registry = MemoryRegistry("t0ken-of-memory")
    else:
        folder = tmp_path_factory.mktemp("verdaccio")
        registry = Verdaccio(folder, install(ROOT / ".release" / "cache", os.environ, print), os.environ)
    registry.start()
    yield registry
    registry.stop()


def environ(registry: Running, token: str | None = None) -> dict[str, str]:
    """What npm and this tool are told of it."""
    return {
        "PATH": os.environ["PATH"],
        "HOME": os.environ.get("HOME", "/"),
        "NPM_CONFIG_REGISTRY": registry.url,
        "NODE_AUTH_TOKEN": registry.token if token is None else token,
    }


def packed(folder: Path, version: str, content: str = "export {};\n") -> Path:
    """A tarball of one file."""
    manifest = f'{{"name": "{NAME}", "version": "{version}", "exports": "./index.js"}}'
    path = folder / f"acme-api-{version}.tgz"
    path.write_bytes(tarball({"package.json": manifest.encode(), "index.js": content.encode()}))
    return path


def publish(registry: Running, path: Path, *words: str, token: str | None = None, real: bool = False) -> None:
    """Publish with the double's npm, or the real one."""
    variables = environ(registry, token)
    npm = (Npm if real else HttpNpm)(path.parent, variables, Mask.of(variables))
    npm.publish(path, NAME, registry.url, words or ("--tag", "latest"), 120.0, lambda _: None)


def read(registry: Running) -> Package:
    """The package as this tool reads it."""
    http = Http(attempts=1)
    try:
        return Registry(http, environ(registry)).package(registry.url, NAME)
    finally:
        http.close()


def size(registry: Running, address: str) -> int | None:
    """The bytes of a tarball, as the registry's header says."""
    http = Http(attempts=1)
    try:
        return Registry(http, environ(registry)).size(registry.url, address)
    finally:
        http.close()


def refusal(registry: Running, token: str) -> str | None:
    """What the registry says of a token."""
    http = Http(attempts=1)
    try:
        return Registry(http, environ(registry, token)).refusal(registry.url)
    finally:
        http.close()


def test_a_package_that_nobody_published_is_empty(running: Running) -> None:
    assert read(running).versions == {}


def test_what_is_published_is_read_with_its_integrity_and_handed_out(
    running: Running, tmp_path: Path
) -> None:
    path = packed(tmp_path, "1.0.0")
    publish(running, path)
    package = read(running)
    there = package.versions["1.0.0"]
    assert (there.integrity, package.tags["latest"]) == (integrity_of(path.read_bytes()), "1.0.0")
    assert size(running, there.tarball) == path.stat().st_size
    assert httpx.get(there.tarball, trust_env=False).content == path.read_bytes()


def test_a_dist_tag_of_its_own_leaves_latest_alone(running: Running, tmp_path: Path) -> None:
    publish(running, packed(tmp_path, "2.0.0"))
    publish(running, packed(tmp_path, "1.9.1"), "--tag", "latest-1.9")
    assert read(running).tags == {"latest": "2.0.0", "latest-1.9": "1.9.1"}


def test_a_version_is_taken_once(running: Running, tmp_path: Path) -> None:
    publish(running, packed(tmp_path, "3.0.0"))
    with pytest.raises(EffectError, match="cannot publish over"):
        publish(running, packed(tmp_path, "3.0.0", "export const other = 1;\n"))
    assert read(running).versions["3.0.0"].integrity == integrity_of(packed(tmp_path, "3.0.0").read_bytes())


def test_of_two_who_publish_at_once_the_later_is_refused(running: Running, tmp_path: Path) -> None:
    publish(running, packed(tmp_path, "3.1.0"))
    url = f"{running.url}/{NAME.replace('/', '%2F')}"
    other = packed(tmp_path, "3.1.0", "export const other = 1;\n").read_bytes()
    late = document_of(NAME, "3.1.0", {"name": NAME, "version": "3.1.0"}, other, "latest", url)
    headers = {"authorization": f"Bearer {running.token}"}
    assert httpx.put(url, json=late, headers=headers, trust_env=False).status_code == 409
    assert read(running).versions["3.1.0"].integrity != integrity_of(other)


def test_a_token_that_is_unknown_publishes_nothing(running: Running, tmp_path: Path) -> None:
    with pytest.raises(EffectError, match="E401"):
        publish(running, packed(tmp_path, "4.0.0"), token="wr0ng-t0ken")
    assert "4.0.0" not in read(running).versions


def test_a_token_is_known_or_not(running: Running) -> None:
    assert refusal(running, running.token) is None
    assert refusal(running, "wr0ng-t0ken") == "the registry does not know the npm token"


@pytest.mark.rehearsal
def test_the_real_npm_publishes_and_is_understood_when_it_may_not(running: Running, tmp_path: Path) -> None:
    path = packed(tmp_path, "5.0.0")
    with pytest.raises(EffectError, match=r"E401|ENEEDAUTH"):
        publish(running, path, token="wr0ng-t0ken", real=True)
    publish(running, path, "--tag", "next", real=True)
    assert read(running).versions["5.0.0"].integrity == integrity_of(path.read_bytes())
    with pytest.raises(EffectError, match="cannot publish over"):
        publish(running, path, real=True)
    assert not list(tmp_path.glob("**/npmrc"))
