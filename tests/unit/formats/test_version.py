"""Versions and tags: semver's own examples, git's own opinion on names, and thousands of tags."""

from __future__ import annotations

import string
import subprocess
import sys
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from release.formats.version import TagPattern, bumped, highest, parse, precedes, ref_fault

if TYPE_CHECKING:
    import random

    from release.formats.version import Level

CMS = TagPattern("cms-v{version}")

numbers = st.integers(0, 10**6)
identifiers = st.one_of(
    numbers.map(str),
    st.text(string.ascii_letters + string.digits + "-", min_size=1, max_size=5).filter(
        lambda text: not text.isdigit()
    ),
)
suffixes = st.lists(identifiers, max_size=3).map(".".join)
versions = st.builds(
    lambda core, pre, build: ".".join(map(str, core)) + (pre and f"-{pre}") + (build and f"+{build}"),
    st.tuples(numbers, numbers, numbers),
    suffixes,
    suffixes,
)


@pytest.mark.parametrize(
    ("level", "version", "expected"),
    [
        ("patch", "1.2.3", "1.2.4"),
        ("minor", "1.2.3", "1.3.0"),
        ("major", "1.2.3", "2.0.0"),
        ("patch", "1.2.3+build.5", "1.2.4"),
        ("patch", "1.2.3-rc.1", "1.2.3"),
        ("minor", "1.2.3-rc.1", "1.3.0"),
        ("minor", "1.3.0-rc.1", "1.3.0"),
        ("major", "2.0.0-rc.1", "2.0.0"),
        ("minor", "0.9.9", "0.10.0"),
    ],
)
def test_a_bump_raises_its_part_and_a_prerelease_leads_to_its_own_release(
    level: Level, version: str, expected: str
) -> None:
    assert bumped(version, level) == expected


@pytest.mark.parametrize(
    "text",
    ["", "1", "1.2", "1.2.3.4", "01.2.3", "1.2.3-01", "1.2.3-", "1.2.3\n", " 1.2.3", "1.2.3-ä", "٣.1.1"],
)
def test_what_is_not_semver_is_refused_with_the_text_and_what_was_expected(text: str) -> None:
    with pytest.raises(ValueError, match=r"not a semantic version: expected MAJOR\.MINOR\.PATCH"):
        parse(text)


def test_a_leading_v_is_refused_and_named() -> None:
    with pytest.raises(ValueError, match='without the leading "v"'):
        parse("v1.2.3")


def test_a_number_of_thousands_of_digits_is_no_version_and_no_crash() -> None:
    assert CMS.version(f"cms-v1.2.{'9' * 5000}") is None


def test_a_huge_invalid_text_is_cut_in_the_message() -> None:
    with pytest.raises(ValueError, match="not a semantic version") as caught:
        parse("x" * 10_000)
    assert len(str(caught.value)) < 200


@given(versions, st.sampled_from(["patch", "minor", "major"]))
def test_every_bump_is_higher_than_what_it_started_from(version: str, level: Level) -> None:
    assert precedes(version, bumped(version, level))


def test_precedence_is_that_of_the_semver_page() -> None:
    ordered = ["1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-alpha.beta", "1.0.0-beta", "1.0.0-beta.2"]
    ordered += ["1.0.0-beta.11", "1.0.0-rc.1", "1.0.0", "1.0.1", "1.9.0", "1.10.0", "2.0.0"]
    assert all(precedes(low, high) for low, high in pairwise(ordered))
    assert not precedes("1.0.0+a", "1.0.0+b")


@pytest.mark.parametrize(
    "tag", ["cms-v1.2", "cms-api-v1.0.0", "cms-v", "v1.2.3", "cms-vv1.2.3", "xcms-v1.2.3", "cms-v1.2.3 ", ""]
)
def test_tags_of_other_apps_and_half_versions_are_none(tag: str) -> None:
    assert CMS.version(tag) is None


@given(
    versions,
    st.sampled_from(["cms-v{version}", "{version}", "rel/{version}/cms", "a{version}-1", "ü{version}"]),
)
def test_a_tag_gives_back_its_version(version: str, text: str) -> None:
    assume(".lock" not in version)
    pattern = TagPattern(text)
    assert pattern.version(pattern.tag(version)) == version


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("cms", "exactly one"),
        ("{version}{version}", "exactly one"),
        ("{app}-v{version}", "no other braces"),
        ("cms v{version}", "holds ' '"),
        ("cms..{version}", r'holds "\.\."'),
        ("-v{version}", "begins"),
        ("{version}.", 'ends with "."'),
        ("a//{version}", "empty part"),
        ("/{version}", "empty part"),
        (".a{version}", "begins with"),
        ("{version}.lock", r"\.lock"),
        ("a\x01{version}", "x01"),
        ("a~{version}", "~"),
    ],
)
def test_a_pattern_that_git_or_we_could_not_use_is_refused(text: str, problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        TagPattern(text)


def test_a_tag_is_made_of_semver_only() -> None:
    with pytest.raises(ValueError, match="not a semantic version"):
        CMS.tag("1.2")
    with pytest.raises(ValueError, match=r"\.lock"):
        CMS.tag("1.2.3-x.lock")


@settings(max_examples=150, deadline=None)
@given(st.text(st.sampled_from("ab.-/@{~^: *?[\\lock\x7f\x1fü"), min_size=1, max_size=8))
def test_our_rules_for_names_are_those_of_git(name: str) -> None:
    command = ["git", "check-ref-format", f"refs/tags/{name}"]
    git_takes_it = subprocess.run(command, check=False).returncode == 0
    ours = ref_fault(name)
    assert (ours is None) == (git_takes_it and name != "@" and not name.startswith("-"))


@given(st.lists(versions, min_size=1, max_size=30), st.randoms(use_true_random=False))
def test_the_highest_tag_is_the_highest_version_in_any_order(
    some: list[str], shuffled: random.Random
) -> None:
    tags = [f"cms-v{version}" for version in some]
    noise = ["cms-v9.9", "cms-api-v99.0.0", "cms-v99.0.0.0", "other", "cms-v099.0.0", "cms-v99.0.x"]
    found = highest(tags + noise, CMS)
    assert found is not None
    version, tag = found
    assert tag == f"cms-v{version}"
    assert not any(precedes(version, other) for other in some)
    mixed = tags + noise
    shuffled.shuffle(mixed)
    assert highest(mixed, CMS) == found


def test_without_a_fitting_tag_there_is_no_highest() -> None:
    assert highest([], CMS) is None
    assert highest(["v1.0.0", "cms-v1.2"], CMS) is None


def test_prereleases_count_below_their_release() -> None:
    assert highest(["cms-v2.0.0-rc.2", "cms-v2.0.0-rc.10", "cms-v1.9.0"], CMS) == (
        "2.0.0-rc.10",
        "cms-v2.0.0-rc.10",
    )
    assert highest(["cms-v2.0.0-rc.1", "cms-v2.0.0"], CMS) == ("2.0.0", "cms-v2.0.0")


def test_of_thousands_of_tags_only_the_highest_number_is_parsed_in_full() -> None:
    tags = [
        f"cms-v{major}.{minor}.{patch}" for major in range(4) for minor in range(25) for patch in range(20)
    ]
    calls = 0

    def count(frame: object, event: str, arg: object) -> None:
        nonlocal calls
        calls += event == "call" and getattr(getattr(frame, "f_code", None), "co_name", "") == "parse"

    sys.setprofile(count)
    try:
        found = highest(tags, CMS)
    finally:
        sys.setprofile(None)
    assert found == ("3.24.19", "cms-v3.24.19")
    assert calls < 10


def test_importing_the_module_does_not_import_semver() -> None:
    code = "import sys, release.formats.version; sys.exit('semver' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
