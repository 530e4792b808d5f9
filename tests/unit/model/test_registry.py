"""Packages and targets as values: dist-tags, what to compare with, prereleases and lines."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from release.commands.publish import request
from release.config import Command, of_target
from release.config.target import NpmTarget, fault_of
from release.errors import UsageError
from release.formats.version import in_line, parse, precedes, prerelease
from release.model.registry import Package, Published

NUMBERS = st.integers(0, 30)
VERSIONS = st.builds("{}.{}.{}".format, NUMBERS, NUMBERS, NUMBERS)
WORDS = st.sampled_from(["alpha", "beta", "rc"])
LEVELS = st.sampled_from(["patch", "minor", "major"])


def package(*versions: str, latest: str | None = None) -> Package:
    """A package with these versions."""
    tags = {"latest": latest} if latest else {}
    return Package(
        "@acme/api", "http://registry", {one: Published(one, f"sha512-{one}", "") for one in versions}, tags
    )


@pytest.mark.parametrize(
    ("version", "latest", "tag"),
    [
        ("1.4.0", "1.3.0", "latest"),
        ("1.4.0", None, "latest"),
        ("1.3.1", "1.4.0", "latest-1.3"),
        ("1.4.0-beta.1", "1.3.0", "beta"),
        ("1.3.1-rc.2", "1.4.0", "rc"),
        ("1.4.0-1", "1.3.0", "next"),
    ],
)
def test_a_version_gets_the_dist_tag_of_its_kind(version: str, latest: str | None, tag: str) -> None:
    assert package(latest=latest).dist_tag(version) == tag


@given(VERSIONS, VERSIONS)
def test_latest_never_goes_back(latest: str, version: str) -> None:
    if package(latest=latest).dist_tag(version) == "latest":
        assert not precedes(version, latest)


def test_a_version_is_compared_with_the_nearest_below() -> None:
    nearest = package("1.3.0", "1.10.0", "2.0.0").nearest_below("1.11.0")
    assert nearest is not None
    assert nearest.version == "1.10.0"
    assert package("1.3.0").nearest_below("1.3.0") is None


@given(VERSIONS, LEVELS, WORDS)
def test_prereleases_of_a_word_count_up_from_one(version: str, level: str, word: str) -> None:
    first = prerelease(version, level, word)  # type: ignore[arg-type]
    second = prerelease(first, level, word)  # type: ignore[arg-type]
    assert parse(first).prerelease == f"{word}.1"
    assert parse(second).prerelease == f"{word}.2"
    assert parse(first).finalize_version() == parse(second).finalize_version()
    assert precedes(version, first)
    assert precedes(first, second)


def test_another_word_starts_at_one_and_never_goes_back() -> None:
    assert prerelease("1.4.0-beta.3", "minor", "rc") == "1.4.0-rc.1"
    with pytest.raises(ValueError, match=r"1.4.0-alpha.1 would come before 1.4.0-beta.3"):
        prerelease("1.4.0-beta.3", "minor", "alpha")


def test_a_line_holds_its_own_versions() -> None:
    assert [in_line(one, "1.3") for one in ("1.3.0", "1.30.0", "1.4.0", None)] == [True, False, False, False]
    assert in_line("9.9.9", None)


def test_a_prerelease_is_of_the_next_minor_unless_told_otherwise() -> None:
    assert (request("api", "", "beta", "").level, request("api", "", "", "").level) == ("minor", "patch")
    assert request("api", "major", "beta", "").level == "major"


@pytest.mark.parametrize(
    ("pre", "line"), [("latest", ""), ("1", ""), ("Beta", ""), ("", "1.3.0"), ("", "v1")]
)
def test_words_that_make_no_version_are_refused(pre: str, line: str) -> None:
    with pytest.raises(UsageError, match=r"is not a (valid prerelease label|release line)"):
        request("api", "", pre, line)


def target(**changes: object) -> NpmTarget:
    """A target that is sound but for the changes."""
    sound = {
        "name": "api",
        "folder": "packages/api",
        "tag": "api-v{version}",
        "test": (Command(run=("true",)),),
    }
    return NpmTarget(**{**sound, **changes})  # type: ignore[arg-type]


def test_a_sound_target_has_no_fault() -> None:
    assert fault_of(target(lockfile="package-lock.json")) is None
    assert fault_of(target(folder="cms/packages/api", lockfile="cms/package-lock.json")) is None


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"name": "Api"}, "lower-case"),
        ({"test": ()}, "no test commands"),
        ({"growth": 1}, "more than 1"),
        ({"folder": "../api"}, "leads out"),
        ({"lockfile": "apps/package-lock.json"}, "outside the folder of its lockfile"),
        ({"tag": "api"}, "exactly one {version}"),
    ],
)
def test_a_target_that_cannot_be_released_is_told_why(changes: dict[str, object], words: str) -> None:
    assert words in (fault_of(target(**changes)) or "")


def test_something_else_is_no_target() -> None:
    assert fault_of("api") == "is a str, not a release.target.NpmTarget"


def test_the_lockfiles_entry_is_seen_from_the_lockfile() -> None:
    made = target(folder="cms/packages/api", lockfile="cms/package-lock.json").app
    assert [(one.file, one.key) for one in made.bump_also] == [
        ("cms/package-lock.json", ("packages", "packages/api", "version"))
    ]


def test_a_target_sees_a_configuration_of_its_own() -> None:
    from tests.unit.worlds import configured

    config = of_target(configured(), target(), line="1.3")
    assert (config.app.name, config.production, config.branch) == ("api", "api", "api-1.3.x")
    assert (config.workers, config.database, list(config.environments)) == ((), None, ["api"])
