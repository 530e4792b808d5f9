"""[tool.release]: what loads, what is refused, and how a refusal reads."""

from __future__ import annotations

import copy
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import pytest
import tomlkit
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from release.config import EXAMPLE, Badge, Config, Smoke, load
from release.config.tables import Settings
from release.errors import UsageError
from release.model.health import DEFAULT, rule_of
from tests.unit.config.guide import FULL, GUIDE, full_with, number_of, written

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.unit.config.conftest import Refusal

ROOT = Path(__file__).parents[3]


def test_the_guides_full_example_loads_with_all_its_values(tmp_path: Path) -> None:
    config = load(written(tmp_path, FULL))
    assert config.root == tmp_path.resolve()
    assert [worker.name for worker in config.workers] == ["mcp", "cms"]
    assert config.workers[1].deploy == ("yarn", "workspace", "cms", "deploy:prod")
    assert config.environment("production").smoke == Smoke(deadline=120, streak=5, interval=2.0, settle=60)
    assert config.environment("staging").badge == Badge(
        path="/login", selector="#version", header_from="CMS_ACCESS_HEADER"
    )
    assert config.app.bump_also[0].key == ("packages", "apps/cms", "version")
    assert config.app.pattern.tag("1.2.3") == "cms-v1.2.3"


def test_the_least_example_of_the_errors_and_the_guide_loads_with_defaults(tmp_path: Path) -> None:
    assert EXAMPLE in GUIDE
    config = load(written(tmp_path, EXAMPLE))
    assert (config.branch, config.remote, config.lease, config.database) == ("main", "origin", 300, None)
    assert config.record_ref == "refs/release/{environment}"
    assert rule_of(config.environment("production")) == DEFAULT
    assert config.environment("production").smoke == Smoke(deadline=90, streak=3, interval=1.0, settle=60)


def test_a_config_cannot_be_changed(tmp_path: Path) -> None:
    config = load(written(tmp_path, EXAMPLE))
    with pytest.raises(AttributeError):
        config.branch = "other"  # type: ignore[misc]


def test_a_script_is_named_after_wranglers_environment(tmp_path: Path) -> None:
    config = load(written(tmp_path, full_with('wrangler = "production"', 'wrangler = "prod"')))
    assert config.worker("mcp").script_in(config.environment("production")) == "alokai-cms-mcp-prod"
    with pytest.raises(KeyError):
        config.worker("api")


def test_an_unknown_environment_gets_the_nearest_name(tmp_path: Path) -> None:
    config = load(written(tmp_path, FULL))
    with pytest.raises(
        UsageError, match=r'Unknown environment "prodution"\. Did you mean production\?'
    ) as caught:
        config.environment("prodution")
    assert caught.value.advice == ""
    with pytest.raises(UsageError, match=r'Unknown environment "x"\. Use one of: production, staging\.$'):
        config.environment("x")


def test_without_a_file_or_a_table_the_error_shows_what_to_write(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"There is no pyproject\.toml") as missing:
        load(tmp_path)
    with pytest.raises(UsageError, match=r"no table \[tool\.release\]") as empty:
        load(written(tmp_path, "[tool]\nother = 1\n"))
    assert EXAMPLE in missing.value.advice
    assert EXAMPLE in empty.value.advice


@pytest.mark.parametrize("text", ["tool = 3\n", "[project]\n", ""])
def test_a_file_of_other_tools_has_no_table(refusal: Refusal, text: str) -> None:
    assert refusal(text) == ["pyproject.toml has no table [tool.release]."]


@pytest.mark.parametrize("value", ["3", "[]", "true"])
def test_a_release_that_is_no_table_is_named(refusal: Refusal, value: str) -> None:
    assert refusal(f"tool.release = {value}") == ["pyproject.toml: tool.release: expected a table."]


def test_a_syntax_error_has_line_and_column(refusal: Refusal) -> None:
    (line,) = refusal("[tool.release]\nbranch = main\n")
    assert line.startswith("pyproject.toml:2:10: not TOML: Invalid value")
    (line,) = refusal("[tool.release]\nbranch = ")
    assert line.startswith("pyproject.toml: not TOML: Invalid value")


def test_bytes_that_are_not_utf8_are_named_with_their_line(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_bytes(b"[tool.release]\n# caf\xe9\n")
    with pytest.raises(UsageError, match=r"pyproject\.toml:2: not UTF-8: byte 0xe9"):
        load(tmp_path)


def test_a_folder_in_the_files_place_and_absurd_nesting_are_no_crash(
    tmp_path: Path, refusal: Refusal
) -> None:
    assert refusal("a = " + "[" * 20_000 + "]" * 20_000) == ["pyproject.toml is nested too deep to be read."]
    (tmp_path / "pyproject.toml").unlink()
    (tmp_path / "pyproject.toml").mkdir()
    with pytest.raises(UsageError, match=r"cannot be read: Is a directory"):
        load(tmp_path)


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("branch =", "barnch =", 'tool.release.barnch: unknown key; did you mean "branch"?'),
        ("lease = 300", 'lease = "900"', "tool.release.lease: expected a whole number, found '900'"),
        ("lease = 300", "lease = 3", "tool.release.lease: expected a whole number >= 60, found 3"),
        ("lease = 300", "lease = true", "tool.release.lease: expected a whole number, found True"),
        (
            "deadline = 900",
            "deadlin = 9",
            'tool.release.workers[1].deadlin: unknown key; did you mean "deadline"?',
        ),
        ("streak = 5", "streak = 0", ".production.smoke.streak: expected a whole number >= 1, found 0"),
        ("interval = 2", "interval = nan", ".smoke.interval: expected a number > 0.0, found nan"),
        (
            '"/login"',
            '"login"',
            """.staging.badge.path: expected a text such as "/api/health", found 'login'""",
        ),
        ('"#version"', '""', ".staging.badge.selector: expected a text in quotes of length >= 1, found ''"),
        (
            '"example/cms"',
            '"cms"',
            """tool.release.repository: expected a text such as "owner/name", found 'cms'""",
        ),
        (
            '"mcp"',
            "2026-01-01",
            "tool.release.workers[0].name: expected a text in quotes, found datetime.date",
        ),
        ("RELEASE =", '"a b" =', 'vars."a b": expected a text such as "COMMIT_SHA", found \'a b\''),
        ("identity = {", "identity = 3 # {", "tool.release.identity: expected a table, found 3"),
        (
            'plugins = ["plugins/cms_api.py"',
            'plugins = [""',
            "plugins[0]: expected a text in quotes of length >= 1",
        ),
    ],
)
def test_one_wrong_key_or_type_is_one_line_with_its_place(
    refusal: Refusal, old: str, new: str, expected: str
) -> None:
    text = full_with(old, new)
    (line,) = refusal(text)
    assert line.startswith(f"pyproject.toml:{number_of(text, new)}: tool.release.")
    assert expected in line


def test_a_key_far_from_any_known_one_lists_what_there_is(refusal: Refusal) -> None:
    (line,) = refusal(full_with("lease = 300", "zzz = 900"))
    assert "unknown key; known: app, workers, environments" in line


def test_missing_keys_say_what_they_mean_at_their_tables_line(refusal: Refusal) -> None:
    (line,) = refusal(full_with('name = "cms"\nmanifest', "manifest"))
    expected = "What people call it; used in messages."
    where = f"pyproject.toml:{number_of(FULL, '[tool.release.app]')}: tool.release.app"
    assert line == f'{where}: the key "name" is missing: {expected}'
    assert len(refusal("[tool.release]")) == 3
    (line,) = refusal(EXAMPLE[: EXAMPLE.index("[tool.release.env")] + "[tool.release.environments]\n")
    assert "tool.release.environments: expected a table of length >= 1, found {}" in line


def test_all_problems_come_at_once_in_the_order_of_their_lines(refusal: Refusal) -> None:
    text = FULL.replace('wrangler = "staging"', "wrangler = 3").replace("branch =", "barnch =")
    lines = refusal(text.replace('path = "apps/mcp"', "path = 1"))
    numbers = [int(line.split(":")[1]) for line in lines]
    assert len(lines) == 3
    assert numbers == sorted(numbers)


def test_a_long_value_is_cut(refusal: Refusal) -> None:
    (line,) = refusal(full_with("lease = 300", f"lease = '{'x' * 500}'"))
    assert len(line) < 160


def test_in_a_statement_of_several_lines_the_keys_own_line_is_named(refusal: Refusal) -> None:
    text = full_with('cwd = "apps/cms" }', 'cdw = "apps/cms" }')
    (line,) = refusal(text)
    assert line.startswith(f"pyproject.toml:{number_of(text, 'cdw')}: tool.release.test.commands[2].cdw")


def test_where_several_lines_have_the_key_the_statements_first_is_named(refusal: Refusal) -> None:
    text = full_with('{ run = ["yarn", "test"] }', '{ run = ["yarn", 3] }')
    (line,) = refusal(text)
    where = f"pyproject.toml:{number_of(text, 'commands = [')}: tool.release.test.commands[1].run[1]"
    assert line == f"{where}: expected a text in quotes, found 3"


def test_a_newline_in_a_commands_argument_is_fine(tmp_path: Path) -> None:
    config = load(written(tmp_path, full_with('["yarn", "test"]', '["sh", "-c", "a\\nb"]')))
    assert config.test.commands[1].run[-1] == "a\nb"


def test_settings_go_through_msgspec_and_back_unchanged(tmp_path: Path) -> None:
    config = load(written(tmp_path, FULL))
    fields = {name: getattr(config, name) for name in Settings.__struct_fields__}
    values = Settings(**fields)
    assert msgspec.convert(msgspec.to_builtins(values), Settings) == values
    assert Config(**fields, root=config.root) == config


def places(value: object, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    if path:
        yield path
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, part in parts:
        yield from places(part, (*path, key))


TABLE = tomllib.loads(FULL)["tool"]["release"]
anything = st.recursive(
    st.text(max_size=5)
    | st.integers(-5, 5)
    | st.floats()
    | st.booleans()
    | st.dates()
    | st.sampled_from(["{a}", "..", "/"]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=4,
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(list(places(TABLE))), anything)
def test_any_value_anywhere_either_loads_or_is_refused_line_by_line(
    tmp_path: Path, place: tuple[str | int, ...], value: object
) -> None:
    document = copy.deepcopy(TABLE)
    inner = document
    for key in place[:-1]:
        inner = inner[key]
    inner[place[-1]] = value
    text = tomlkit.dumps({"tool": {"release": document}})
    try:
        load(written(tmp_path, text))
    except UsageError as error:
        lines = error.what.splitlines()
        assert lines
        assert all(re.match(r"pyproject\.toml:\d+: tool\.release", line) for line in lines)


def test_loading_a_good_configuration_imports_no_http_schema_or_toml_writer(tmp_path: Path) -> None:
    code = "import sys, pathlib, release.config as c; c.load(pathlib.Path(sys.argv[1])); "
    code += "print(*{'jsonschema', 'httpx', 'tomlkit', 'rich'} & set(sys.modules))"
    command = [sys.executable, "-c", code, str(written(tmp_path, FULL))]
    ended = subprocess.run(command, check=True, capture_output=True, cwd=ROOT)
    assert ended.stdout.split() == []
