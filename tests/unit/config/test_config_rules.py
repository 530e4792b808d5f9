"""What must fit together in [tool.release], and how it reads where it does not."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from release.config import EXAMPLE, load
from tests.unit.config.guide import FULL, full_with, written

if TYPE_CHECKING:
    from pathlib import Path

    from tests.unit.config.conftest import Refusal


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ('"apps/cms/package.json"', '"/apps/p.json"', "app.manifest: expected a path relative to"),
        ('"apps/cms/package.json"', "'C:/p.json'", "app.manifest: expected a path relative to"),
        ('"package-lock.json"', '"../package-lock.json"', "app.bump_also[0].file: expected a path such as"),
        ('"apps/cms/migrations"', '"apps//migrations"', "database.migrations: expected a path such as"),
        ('"apps/mcp"', "'apps\\mcp'", "workers[0].path: expected a path such as"),
        ('"rehearsal/unreleased"', '"./unreleased"', "rehearsal.unreleased: expected a path such as"),
        ('install_in = "."', 'install_in = ".."', "rehearsal.install_in: expected a path such as"),
        ('"plugins/cms_cli.py"', '"a/../b.py"', "plugins[1]: expected a path such as"),
        ('"cms-v{version}"', '"cms-v"', "app.tag: tag pattern"),
        ('"cms-v{version}"', '"cms v{version}"', "app.tag: tag pattern \"cms v{version}\" holds ' '"),
        ('"cms-v{version}"', f'"{"x" * 39}{{version}}"', "app.tag: 1 bytes too long"),
        ('"YARN_CACHE_FOLDER"', '"NPM_TOKEN"', 'test.environment[0]: "NPM_TOKEN" looks like a secret'),
        ('"YARN_CACHE_FOLDER"', '"API_KEY"', "looks like a secret"),
        ('"YARN_CACHE_FOLDER"', '"Key_File"', "looks like a secret"),
        ('name = "mcp"', 'name = "cms"', 'a second worker named "cms"'),
        (
            '"alokai-cms-{environment}"',
            '"alokai-{env}"',
            'script: "{env}" means nothing here; known: {environment}',
        ),
        ('"alokai-cms-{environment}"', '"cms"', 'would share the script "cms"'),
        (
            '"alokai-cms-{environment}"',
            '"cms.{environment}"',
            'expected letters, digits, "-" and "_", 63 at most',
        ),
        ('RELEASE = "{tag} (', 'RELEASE = "{tga} (', 'vars.RELEASE: "{tga}" means nothing here'),
        (
            'worker = "cms"',
            'worker = "csm"',
            'database.worker: there is no worker "csm"; did you mean "cms"?',
        ),
        (
            'production = "production"',
            'production = "prodution"',
            'there is no environment "prodution"; did you mean "production"?',
        ),
        ('"https://cms.example.com"', '"ftp://cms.example.com"', "url: expected a URL such as"),
        ('"https://cms.example.com"', '"cms.example.com"', "url: expected a URL such as"),
        ('"https://cms.example.com"', '"https://cms.example.com/"', "url: expected a URL without a slash"),
        ('"https://cms.example.com"', '"https://cms.example.com?a"', "url: expected a URL without a slash"),
        ('"https://cms.example.com"', '"https://cms:99999"', "url: expected a URL: Port out of range"),
        (
            "deadline = 120,",
            "deadline = 68,",
            "smoke.deadline: 68 s leave no time: settle and the streak alone take 68 s",
        ),
        ('branch = "main"', 'branch = "ma in"', "branch: \"ma in\" holds ' '"),
        ('"refs/release/{environment}"', '"refs/release"', "record_ref: expected a ref such as"),
        ('"refs/release/{environment}"', '"release/{environment}"', "record_ref: expected a ref such as"),
        ('"refs/release/{environment}"', '"refs/a..{environment}"', "record_ref: expected a ref such as"),
        (
            '"refs/release/{environment}"',
            '"refs/{app}/{environment}"',
            'record_ref: "{app}" means nothing here',
        ),
        (
            'name = "CMS Release"',
            'name = "CMS Release\\n"',
            "identity.name: holds a character that cannot be seen",
        ),
    ],
)
def test_what_cannot_fit_together_is_one_line_with_its_place(
    refusal: Refusal, old: str, new: str, expected: str
) -> None:
    lines = refusal(full_with(old, new))
    assert len(lines) == 1
    assert expected in lines[0]
    assert re.match(r"pyproject\.toml:\d+: tool\.release\.", lines[0])


def test_each_environment_names_its_database_where_there_is_one(refusal: Refusal) -> None:
    (line,) = refusal(full_with('database = "cms-staging"\n', ""))
    assert 'environments.staging: the key "database" is missing' in line


def test_a_default_that_does_not_fit_is_named_at_its_tables_line(refusal: Refusal) -> None:
    lines = refusal(
        "# \u2028 is no line end in TOML\r\n"
        + EXAMPLE.replace("environments.production", "environments.live")
    )
    assert lines == [
        'pyproject.toml:2: tool.release.production: there is no environment "production"; known: live'
    ]


def test_a_line_end_in_a_key_does_not_end_the_errors_line(refusal: Refusal) -> None:
    (line,) = refusal(full_with("lease = 300", '"le\\u2028ase" = 900'))
    assert r"tool.release.'le\u2028ase': unknown key; did you mean" in line


def test_an_environments_name_fits_into_a_ref(refusal: Refusal) -> None:
    lines = refusal(FULL.replace("environments.staging", 'environments."Sta ging"'))
    assert 'tool.release.environments."Sta ging": expected a name of small letters' in lines[0]


def test_a_password_in_a_url_is_refused_and_not_repeated(refusal: Refusal) -> None:
    (line,) = refusal(full_with('"https://cms.example.com"', '"https://bot:hunter2@cms.example.com"'))
    assert "must not hold credentials" in line
    assert "hunter2" not in line


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (
            'openapi = "apps/cms/openapi.json"',
            'openapi = "a.json"\nrun = ["true"]',
            "policy.surfaces[0]: expected either",
        ),
        ('openapi = "apps/cms/openapi.json"', "", "policy.surfaces[0]: expected either"),
        ('name = "packages"', 'name = "cms"', 'policy.surfaces[1].name: there are two surfaces "cms"'),
        (
            "{ cms = [",
            "{ csm = [",
            'checklist.required_secrets.csm: there is no worker "csm"; did you mean "cms"?',
        ),
        (
            'sample_page = "block"',
            'environment = "production"',
            'checklist.environment: "production" is production itself',
        ),
        (
            'sample_page = "block"',
            'environment = "stagin"',
            'there is no environment "stagin"; did you mean "staging"?',
        ),
    ],
)
def test_what_policy_and_checklist_name_is_there_once(
    refusal: Refusal, old: str, new: str, expected: str
) -> None:
    (line,) = refusal(full_with(old, new))
    assert expected in line


def test_the_longest_annotation_that_cloudflare_keeps_is_just_taken(tmp_path: Path, refusal: Refusal) -> None:
    load(written(tmp_path, full_with('"cms-v{version}"', f'"{"x" * 38}{{version}}"')))
    (line,) = refusal(full_with('"cms-v{version}"', f'"{"x" * 41}{{version}}"'))
    assert "app.tag: 3 bytes too long" in line


def test_a_smoke_check_that_just_has_the_time_is_taken(tmp_path: Path) -> None:
    config = load(written(tmp_path, full_with("deadline = 120,", "deadline = 69,")))
    assert config.environment("production").smoke.deadline == 69


def test_a_variable_that_only_sounds_like_a_key_is_handed_on(tmp_path: Path) -> None:
    config = load(written(tmp_path, full_with('"YARN_CACHE_FOLDER"', '"KEYBOARD", "MONKEYPATCH"')))
    assert config.test.environment == ("KEYBOARD", "MONKEYPATCH")


def test_a_character_that_cannot_be_seen_is_told_before_anything_that_would_show_it(refusal: Refusal) -> None:
    text = full_with('branch = "main"', 'branch = "ma\\u200bin"').replace(
        'worker = "cms"', 'worker = "csm"', 1
    )
    (line,) = refusal(text)
    assert r"branch: holds a character that cannot be seen, found 'ma\u200bin'" in line


def test_what_plugins_take_is_their_own_affair(tmp_path: Path) -> None:
    text = FULL + '\n[tool.release.plugin.chat]\ngreeting = "a\\u200bb"\npath = "../x"\n'
    assert load(written(tmp_path, text)).plugin["chat"]["greeting"] == "a\u200bb"
