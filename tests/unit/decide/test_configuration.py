"""What a deploy changes besides the code: which side made a difference, and what would be lost by it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from release.decide.configuration import apart, changes_of, looks_secret, unlike_planned
from release.formats import cloudflare_settings as told
from release.formats.wrangler_settings import wrangler_settings
from release.model.configuration import Compared

if TYPE_CHECKING:
    from release.formats.worker_settings import WorkerSettings
    from release.model.configuration import SettingChange

BASE: dict[str, Any] = {
    "name": "cms",
    "compatibility_date": "2026-01-01",
    "workers_dev": True,
    "env": {
        "production": {
            "vars": {"MODE": "live"},
            "d1_databases": [{"binding": "DB", "database_name": "cms", "database_id": "u-1"}],
        }
    },
}
BOUND = [
    {"type": "plain_text", "name": "MODE", "text": "live"},
    {"type": "plain_text", "name": "COMMIT", "text": "abc"},
    {"type": "d1", "name": "DB", "id": "u-1"},
]
RUNTIME = {"compatibility_date": "2026-01-01", "compatibility_flags": []}


def settings(production: dict[str, Any] | None = None, **top: object) -> WorkerSettings:
    """A configuration with these keys in production, and these at the top."""
    block = {**BASE["env"]["production"], **(production or {})}
    return wrangler_settings({**BASE, **top, "env": {"production": block}}, "production", ("COMMIT",))


def live(*bindings: dict[str, Any], without: str = "", **runtime: object) -> WorkerSettings:
    """What serves, with more bindings, or without one."""
    bound = [
        one for one in BOUND if one["name"] != without and one["name"] not in {b["name"] for b in bindings}
    ]
    version = {"resources": {"bindings": [*bound, *bindings], "script_runtime": {**RUNTIME, **runtime}}}
    return told.version_settings(version) | told.address({"enabled": True})


def changes(
    serves: WorkerSettings, wanted: WorkerSettings, last: WorkerSettings | None = None, who: str = ""
) -> tuple[SettingChange, ...]:
    return changes_of("cms", Compared("cms-production", serves, wanted, last, who)).changes


def test_what_serves_as_the_configuration_says_changes_nothing() -> None:
    assert changes(live(), settings(), settings()) == ()
    assert changes_of("cms", Compared("cms", None, settings())).lines == ()


def test_a_variable_of_the_dashboard_would_be_deleted() -> None:
    serves = live({"type": "plain_text", "name": "SMTP_HOST", "text": "mail.example.com"})
    (lost,) = changes(serves, settings(), settings(), "ada@example.com")
    assert (lost.mark, lost.loss, lost.origin, lost.word) == (
        "-",
        "variables",
        "elsewhere",
        "cms/var:SMTP_HOST",
    )
    assert lost.text == (
        '- var SMTP_HOST ("mail.example.com"): changed since the last release by ada@example.com; this deploy deletes it'
    )
    assert "keep_vars" in lost.remedy
    assert changes(serves, settings(keep_vars=True), settings()) == ()


def test_a_variable_that_was_edited_in_the_dashboard_would_be_overwritten() -> None:
    (lost,) = changes(live({"type": "plain_text", "name": "MODE", "text": "slow"}), settings(), settings())
    assert (lost.mark, lost.loss, lost.before, lost.after) == ("~", "variables", '"slow"', '"live"')


def test_what_the_release_changes_itself_is_shown_and_lost_by_nobody() -> None:
    wanted = settings(
        {"vars": {"MODE": "fast"}, "r2_buckets": [{"binding": "MEDIA", "bucket_name": "cms-media"}]}
    )
    found = changes(live(), wanted, settings())
    assert [one.text for one in found] == ["+ binding MEDIA (R2 cms-media)", '~ var MODE "live" -> "fast"']
    assert not any(one.loss for one in found)
    (removed,) = changes(live(), settings({"d1_databases": []}), settings())
    assert (removed.text, removed.loss, removed.origin) == ("- binding DB (D1 u-1)", None, "release")


def test_a_binding_that_only_production_has_would_be_lost() -> None:
    (lost,) = changes(
        live({"type": "kv_namespace", "name": "CACHE", "namespace_id": "k1"}), settings(), settings()
    )
    assert (lost.loss, lost.trait.name) == ("bindings", "CACHE")


def test_without_a_last_release_nobody_can_say_who_made_a_difference() -> None:
    (lost,) = changes(live({"type": "plain_text", "name": "X", "text": "1"}), settings())
    assert (lost.origin, lost.loss) == ("", "variables")
    assert "not from the last release" in lost.why


def test_a_database_is_compared_by_its_id_and_one_without_an_id_is_any() -> None:
    other = {"binding": "DB", "database_name": "cms", "database_id": "u-2"}
    (changed,) = changes(live(), settings({"d1_databases": [other]}), settings())
    assert (changed.mark, changed.trait.name) == ("~", "DB")
    assert (
        changes(live(), settings({"d1_databases": [{"binding": "DB", "database_name": "cms"}]}), settings())
        == ()
    )


@pytest.mark.parametrize(
    ("triggers", "lost"), [({}, False), ({"crons": []}, True), ({"crons": ["0 1 * * *"]}, True)]
)
def test_a_cron_of_the_dashboard_is_lost_only_where_the_configuration_names_crons(
    triggers: dict[str, Any], *, lost: bool
) -> None:
    serves = live() | told.schedules({"schedules": [{"cron": "*/5 * * * *"}]})
    found = changes(serves, settings(triggers=triggers), settings(triggers=triggers))
    assert any(one.loss == "crons" and one.trait.name == "*/5 * * * *" for one in found) is lost


def test_routes_and_domains_go_only_where_others_are_named() -> None:
    serves = (
        live()
        | told.routes(
            [{"pattern": "a.example.com/*", "script": "cms"}, {"pattern": "b/*", "script": "mcp"}], "cms"
        )
        | told.domains([{"hostname": "www.example.com", "service": "cms"}], "cms")
    )
    assert changes(serves, settings(), settings()) == ()
    routed = settings(routes=["new.example.com/*"])
    found = changes(serves, routed, settings())
    assert [(one.mark, str(one.trait)) for one in found] == [
        ("-", "route a.example.com/*"),
        ("+", "route new.example.com/*"),
    ]
    assert found[0].loss is None or found[0].origin != "release"
    domains = settings(routes=[{"pattern": "shop.example.com", "custom_domain": True}])
    lost = [one for one in changes(serves, domains, domains) if one.loss == "routes"]
    assert [one.trait.name for one in lost] == ["www.example.com"]


def test_routes_turn_workers_dev_off_as_a_side_effect() -> None:
    plain = {**BASE, "routes": ["a.example.com/*"]}
    del plain["workers_dev"]
    wanted = wrangler_settings(plain, "production", ("COMMIT",))
    (lost,) = [one for one in changes(live(), wanted, settings()) if one.trait.kind == "workers.dev"]
    assert (lost.loss, lost.before, lost.after) == ("workers_dev", "on", "off")
    off = settings(workers_dev=False, routes=["a.example.com/*"])
    (meant,) = [one for one in changes(live(), off, settings()) if one.trait.kind == "workers.dev"]
    assert meant.loss is None


def test_a_variable_of_a_secrets_name_overwrites_it() -> None:
    serves = live({"type": "secret_text", "name": "STRIPE_KEY"})
    assert changes(serves, settings(), settings()) == ()
    (lost,) = changes(serves, settings({"vars": {"MODE": "live", "STRIPE_KEY": ""}}), settings())
    assert (lost.loss, str(lost.trait)) == ("secrets", "secret STRIPE_KEY")


def test_a_required_secret_that_is_not_set_is_marked() -> None:
    (missing,) = changes(live(), settings({"secrets": {"required": ["STRIPE_KEY"]}}), settings())
    assert (missing.text, missing.loss) == ("! secret STRIPE_KEY: required, and not set", None)


MIGRATIONS = [
    {"tag": "v1", "new_sqlite_classes": ["Room"]},
    {"tag": "v2", "renamed_classes": [{"from": "Room", "to": "Hall"}]},
    {"tag": "v3", "deleted_classes": ["Hall"]},
]


@pytest.mark.parametrize(
    ("tag", "lost"),
    [(None, ["Hall", "Room"]), ("v1", ["Hall", "Room"]), ("v2", ["Hall"]), ("v3", [])],
)
def test_pending_migrations_name_the_classes_that_they_take_away(tag: str | None, lost: list[str]) -> None:
    serves = live(migration_tag=tag)
    found = changes(serves, settings(migrations=MIGRATIONS), settings(migrations=MIGRATIONS))
    assert sorted(one.trait.name for one in found if one.loss == "classes") == lost


def test_a_live_migration_tag_that_the_configuration_lacks_is_a_loss() -> None:
    (lost,) = changes(live(migration_tag="v9"), settings(migrations=MIGRATIONS), settings())
    assert (lost.loss, lost.before) == ("classes", "v9")
    assert '"v9"' in lost.remedy


@pytest.mark.parametrize(
    ("name", "value", "hidden"),
    [
        ("PLACE", "live", False),
        ("API_TOKEN", "x", True),
        ("DATABASE_URL", "postgres://u:hunter2@db.example.com/cms", True),
        ("UPSTREAM", "sk3Jd8Qz1Lp0Xw7Vt5Rb2Nm9", True),
        ("HOMEPAGE", "https://www.example.com/a/rather/long/path/to/something", False),
    ],
)
def test_a_value_that_looks_like_a_secret_is_never_shown(name: str, value: str, *, hidden: bool) -> None:
    assert looks_secret(name, value) is hidden
    (change,) = changes(live({"type": "plain_text", "name": name, "text": value}), settings(), settings())[:1]
    assert (value in change.text) is not hidden or len(value) > 40


def test_what_a_token_may_not_read_is_told_and_is_no_loss() -> None:
    serves = live() | told.unreadable("route", "needs Zone / Workers Routes: Read")
    found = changes_of("cms", Compared("cms", serves, settings(routes=["a.example.com/*"], workers_dev=True)))
    assert found.lines == ("? cannot tell about routes: needs Zone / Workers Routes: Read",)
    assert changes_of("cms", Compared("cms", serves, settings())).lines == ()


def test_an_empty_variable_is_a_value_of_its_own() -> None:
    (lost,) = changes(live({"type": "plain_text", "name": "MODE", "text": ""}), settings(), settings())
    assert (lost.mark, lost.before, lost.after) == ("~", '""', '"live"')


def test_two_environments_differ_but_for_what_each_release_sets_itself() -> None:
    here = Compared("a", live({"type": "plain_text", "name": "COMMIT", "text": "old"}), settings())
    more = ({"type": "secret_text", "name": "KEY"}, {"type": "plain_text", "name": "MODE", "text": "slow"})
    there = Compared("b", live(*more), settings())
    assert [one.text for one in apart("cms", here, there).changes] == [
        "+ secret KEY",
        '~ var MODE "live" -> "slow"',
    ]
    assert "- secret KEY" in [one.text for one in apart("cms", there, here).changes]


def test_what_serves_after_a_deploy_is_told_where_it_is_not_as_planned() -> None:
    wanted = settings(triggers={"crons": ["0 1 * * *"]}, observability={"enabled": True})
    serves = live(without="DB") | told.schedules({"schedules": [{"cron": "*/5 * * * *"}]})
    found = tuple(unlike_planned("cms", Compared("cms", serves, wanted)))
    assert set(found) == {
        "cms does not have binding DB",
        "cms does not have cron 0 1 * * *",
        "cms still has cron */5 * * * *",
    }
