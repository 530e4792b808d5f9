"""The step `inspect`: what a tarball may hold, on values and on real tarballs."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from release.errors import EffectError
from release.model.registry import Package, Published, Tarball
from release.model.release import Release
from release.model.step import Done, Stuck, Todo
from release.model.unread import Unread
from release.model.world import World
from release.run.effects.packing import read_tarball
from release.steps.inspect import SLACK, Inspect, entry_points
from release.systems.machine.secrets import Mask
from release.testing.npm import tarball

if TYPE_CHECKING:
    from pathlib import Path

RELEASE = Release("api", "api", "b" * 40, "1.3.0", "api-v1.3.0", "1.4.0", "api-v1.4.0", "c" * 40)
NOTHING = Unread("not asked")


def world(packed: Tarball, last: int | None = None) -> World:
    """A world in which this was packed, and the last version had so many bytes."""
    versions = {"1.3.0": Published("1.3.0", "sha512-old", "", last)}
    package = Package("@acme/api", "http://registry", versions)
    base = World("api", NOTHING, NOTHING, None, NOTHING, NOTHING, {}, {}, None)
    return replace(base, tarball=packed, package=package)


def said(
    manifest: dict[str, Any],
    *files: str,
    size: int = 10,
    last: int | None = None,
    ships: tuple[str, ...] = (),
) -> str:
    """What the step has against a package; empty when nothing."""
    packed = Tarball("a.tgz", "sha512-a", size, dict.fromkeys(("package.json", *files), size), manifest)
    look = Inspect(3.0, ships).look(world(packed, last), RELEASE)
    assert isinstance(look, Done | Stuck)
    return look.what if isinstance(look, Stuck) else ""


@pytest.mark.parametrize(
    "manifest",
    [
        {"main": "lib/index.js"},
        {"main": "./lib"},
        {"exports": "./lib/index.js"},
        {"exports": {".": {"types": "./lib/index.d.ts", "default": "./lib/index.js"}}},
        {"exports": {"./*": "./lib/*.js", "./internal": None}},
        {"bin": "lib/index.js"},
        {"bin": {"cms": "./lib/index.js"}, "types": "lib/index.d.ts"},
        {},
    ],
)
def test_entry_points_that_are_there_are_fine(manifest: dict[str, Any]) -> None:
    assert said(manifest, "lib/index.js", "lib/index.d.ts") == ""


@pytest.mark.parametrize(
    ("manifest", "missing"),
    [
        ({"main": "dist/index.js"}, "dist/index.js"),
        ({"exports": {".": {"import": "./a.mjs", "require": "./b.cjs"}}}, "b.cjs"),
        ({"bin": {"cms": "bin/cms.js"}}, "bin/cms.js"),
        ({"types": "index.d.ts"}, "index.d.ts"),
    ],
)
def test_an_entry_point_that_is_missing_is_named(manifest: dict[str, Any], missing: str) -> None:
    assert f"declares {missing}, which is not in it" in said(manifest, "a.mjs")


def test_entry_points_are_told_once() -> None:
    assert entry_points({"main": "a.js", "exports": {".": ["./a.js", {"default": "./b.js"}]}}) == (
        "a.js",
        "b.js",
    )


@pytest.mark.parametrize(
    "file", ["test/a.js", "src/a.test.js", "src/__tests__/a.js", "src/a.spec.mts", "coverage/x"]
)
def test_tests_are_found(file: str) -> None:
    assert said({}, file) == f"it holds tests: {file}"


@pytest.mark.parametrize("file", ["src/latest.js", "src/contest/a.js", "testing.js", "src/protest.js"])
def test_what_only_sounds_like_a_test_is_not(file: str) -> None:
    assert said({}, file) == ""


def test_tests_that_are_meant_to_be_shipped_are_let_through() -> None:
    assert said({}, "test/kit.js", ships=("test/kit.*",)) == ""


def test_a_range_that_only_the_monorepo_resolves_is_found() -> None:
    assert 'depends on @acme/b by "workspace:^"' in said({"dependencies": {"@acme/b": "workspace:^"}})


def test_a_package_that_grew_or_shrank_too_much_is_looked_at() -> None:
    assert "4.0 times those of 1.3.0" in said({}, "a.js", size=SLACK, last=SLACK // 2)
    assert "is the build complete?" in said({}, "a.js", size=10, last=1000)
    assert said({}, "a.js", size=1000, last=10) == ""


def test_packed_sizes_are_compared_where_the_registry_counts_no_files() -> None:
    packed = Tarball("a.tgz", "sha512-a", 10, {"package.json": 10}, {})
    old = Published("1.3.0", "sha512-old", "", None, 1000)
    seen = replace(world(packed), package=Package("@acme/api", "http://registry", {"1.3.0": old}))
    look = Inspect(3.0).look(seen, RELEASE)
    assert isinstance(look, Stuck)
    assert "it has only 10 bytes packed, 1.3.0 had 1000" in look.what


def test_a_plan_looks_at_nothing() -> None:
    assert isinstance(Inspect(3.0).look(world(Tarball("", "")), RELEASE), Todo)


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        (".env", b"A=1", "it holds .env, which is for secrets"),
        ("src/.npmrc", b"", "which is for secrets"),
        ("key.pem", b"", "which is for secrets"),
        ("a.js", b"const t = 'npm_" + b"a" * 36 + b"'", "a.js holds an npm token"),
        ("a.js", b"-----BEGIN RSA PRIVATE KEY-----", "a.js holds a private key"),
        ("a.js", b"s3cret-of-here", "a.js holds a secret of this environment"),
    ],
)
def test_secrets_in_a_tarball_are_found_and_never_shown(
    name: str, content: bytes, words: str, tmp_path: Path
) -> None:
    path = tmp_path / "a.tgz"
    path.write_bytes(tarball({"package.json": b"{}", name: content}))
    found = read_tarball(path, Mask.of({"API_TOKEN": "s3cret-of-here"}))
    assert words in "; ".join(found.secrets)
    assert "s3cret" not in "; ".join(found.secrets)


def test_an_ordinary_tarball_has_no_secrets(tmp_path: Path) -> None:
    path = tmp_path / "a.tgz"
    path.write_bytes(tarball({"package.json": b"{}", "env.js": b"export const env = 1;", "src/keys.js": b""}))
    assert read_tarball(path, str).secrets == ()


@pytest.mark.parametrize("body", [b"", b"not gzip", tarball({"a.js": b""})])
def test_what_is_no_npm_tarball_is_refused(body: bytes, tmp_path: Path) -> None:
    (tmp_path / "a.tgz").write_bytes(body)
    with pytest.raises(EffectError, match="is no npm tarball"):
        read_tarball(tmp_path / "a.tgz", str)


def test_the_same_content_makes_the_same_tarball() -> None:
    assert tarball({"b.js": b"1", "a.js": b"2"}) == tarball({"a.js": b"2", "b.js": b"1"})
