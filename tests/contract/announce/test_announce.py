"""Announcements through the real apprise to a receiver on loopback: what is said, and that nobody can be in the way."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

import apprise
import pytest
from werkzeug.wrappers import Response

from release.commands.rollback.course import RollbackOptions, rollback
from release.errors import UsageError
from release.systems.machine.secrets import Mask
from release.testing import Recorder, monorepo, packages, plugged
from release.testing import receiver as listening

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from release.testing import Double, Receiver

TABLE = "[tool.release.plugin.announce]\n"
SECRET_PATH = "hooks/T0k3nOfTheChannel"


@pytest.fixture(scope="module", autouse=True)
def _apprise_is_loaded() -> None:
    """The first address loads a hundred services: on a busy machine that alone takes longer than a plugin may."""
    assert apprise.Apprise().add("json://127.0.0.1:1/")


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with listening() as heard:
        yield heard


def address(receiver: Receiver) -> str:
    """The receiver as apprise knows it."""
    return f"json{receiver.url.removeprefix('http')}/{SECRET_PATH}"


def said(receiver: Receiver) -> list[dict[str, str]]:
    """The documents that it was sent."""
    return [json.loads(one.body) for one in receiver.heard]


def titles(receiver: Receiver) -> list[str]:
    """What was said."""
    return [one["title"] for one in said(receiver)]


@contextmanager
def announcing(folder: Path, urls: str, settings: str = "", options: str = "") -> Iterator[Double]:
    """A double that announces to these addresses."""
    with plugged(folder, ["release.announce"], TABLE + settings, options) as world:
        world.environ["APPRISE_URLS"] = urls
        yield world


def test_a_release_is_announced_from_the_waiting_to_the_end(tmp_path: Path, receiver: Receiver) -> None:
    with announcing(tmp_path, address(receiver)) as world:
        outcome = world.release()
    assert titles(receiver) == [
        "cms 1.2.4 waits for approval before it goes to production",
        "cms 1.2.4 is being released to production",
        "cms 1.2.4 is released to production",
    ]
    assert outcome.plan is not None
    assert f"1.2.3 -> 1.2.4, commit {outcome.release.base[:7]}" in said(receiver)[1]["message"]  # type: ignore[union-attr]
    assert f"plan {outcome.plan[:7]}" in said(receiver)[0]["message"]
    assert "/releases/tag/cms-v1.2.4" in said(receiver)[2]["message"]


def test_a_package_is_announced_by_its_own_name(tmp_path: Path, receiver: Receiver) -> None:
    publisher = tmp_path / "publisher.py"
    publisher.write_text(packages.PLUGIN)
    settings = f'{TABLE}events = ["released"]'
    with plugged(
        tmp_path / "double", ["release.announce", publisher], settings, "", packages.files()
    ) as world:
        world.environ["APPRISE_URLS"] = address(receiver)
        world.publish("api", "minor")
    assert titles(receiver) == ["api 1.4.0 is released to the registry"]


def test_a_failure_says_what_is_true_now_and_what_to_do(tmp_path: Path, receiver: Receiver) -> None:
    with announcing(tmp_path, address(receiver), 'events = ["failed"]') as world:
        world.runtime.behaviour[world.script("cms")] = lambda *_: Response("down", status=500)
        outcome = world.release()
    assert outcome.outcome == "unrecorded"
    (one,) = said(receiver)
    assert one["title"] == "cms 1.2.4 failed at smoke on its way to production"
    assert "next: inv release --bump patch" in one["message"]


def test_a_rollback_is_announced_with_its_reason(tmp_path: Path, receiver: Receiver) -> None:
    with announcing(tmp_path, address(receiver), 'events = ["rolled-back"]') as world:
        world.release()
        asked = RollbackOptions("production", None, "login fails", despite_migrations=True)
        rollback(world.root, world.environ, asked, lambda *_: None, Recorder(), connect=world.connect)
    (one,) = said(receiver)
    assert one["title"] == "production is rolled back from cms-v1.2.4"
    assert "reason: login fails" in one["message"]


def test_titles_can_be_chosen(tmp_path: Path, receiver: Receiver) -> None:
    settings = 'events = ["released"]\nsay.released = "{app} {previous} -> {version}: {tag}"'
    with announcing(tmp_path, address(receiver), settings) as world:
        world.release()
    assert titles(receiver) == ["cms 1.2.3 -> 1.2.4: cms-v1.2.4"]


@pytest.mark.parametrize(("settings", "count"), [("", 0), ('environments = ["staging"]', 3)])
def test_staging_is_announced_only_where_that_is_wanted(
    tmp_path: Path, receiver: Receiver, settings: str, count: int
) -> None:
    with announcing(tmp_path, address(receiver), settings) as world:
        world.commit({"apps/cms/worker.js": "export default {};\n"})
        world.deploy()
    assert len(titles(receiver)) == count


def test_every_receiver_is_told_although_another_is_dead(tmp_path: Path, receiver: Receiver) -> None:
    dead = "json://127.0.0.1:9/services/AnotherS3cret"
    heard = Recorder()
    with announcing(tmp_path, f"{dead}\n{address(receiver)}") as world:
        outcome = world.release(listener=heard)
    assert (outcome.outcome, outcome.exit_code) == ("released", 0)
    assert len(receiver.heard) == 3
    lines = [line for line in heard.lines if line.startswith("plugin announce")]
    assert len(lines) == 3
    assert "started was not told to everybody: receiver 1 (json): " in lines[1]
    assert "S3cret" not in str(heard.lines)


def test_a_receiver_that_refuses_is_a_line_and_no_more(tmp_path: Path, receiver: Receiver) -> None:
    receiver.status = 500
    heard = Recorder()
    with announcing(tmp_path, address(receiver), 'events = ["started"]') as world:
        assert world.release(listener=heard).exit_code == 0
    (line,) = [line for line in heard.lines if line.startswith("plugin announce")]
    assert "receiver 1 (json): " in line
    assert "500" in line


def test_a_receiver_that_does_not_answer_is_left_alone(tmp_path: Path, receiver: Receiver) -> None:
    held, heard = threading.Event(), Recorder()

    def hold(_: object) -> None:
        held.wait(30)

    receiver.server.before = hold
    with announcing(tmp_path, address(receiver), 'events = ["started"]', "plugin_deadline = 0.5") as world:
        outcome = world.release(listener=heard)
    assert (outcome.outcome, receiver.heard) == ("released", [])
    held.set()
    (line,) = [line for line in heard.lines if line.startswith("plugin announce")]
    assert "receiver 1 (json): " in line
    assert "no answer within 0.4 s" in line or "it was not taken" in line


def test_no_part_of_an_address_is_shown_or_kept(tmp_path: Path, receiver: Receiver) -> None:
    receiver.status = 403
    heard = Recorder()
    with announcing(tmp_path, address(receiver)) as world:
        world.release(listener=heard)
        journal = (world.root / ".release" / "journal.ndjson").read_text()
        record = world.git("show", "refs/release/production:record.json", cwd=world.forge.repository)
    assert "T0k3nOfTheChannel" not in f"{heard.lines}{journal}{record}"


def test_the_addresses_are_masked_wherever_they_come_from() -> None:
    urls = "slack://T1/B2/C3secret, mailto://ada:pass@example.com"
    mask = Mask.of({"APPRISE_URLS": urls, "TEAM_WEBHOOK": "https://hooks.example.com/x"})
    assert mask("to slack://T1/B2/C3secret and mailto://ada:pass@example.com") == "to *** and ***"
    assert mask("https://hooks.example.com/x") == "***"


def test_without_addresses_that_is_said_once(tmp_path: Path) -> None:
    heard = Recorder()
    with announcing(tmp_path, "") as world:
        assert world.release(listener=heard).exit_code == 0
    (line,) = [line for line in heard.lines if line.startswith("plugin announce")]
    assert line.endswith("NotToldError: APPRISE_URLS is not set: nobody is told")


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ('events = ["begun"]', "plugin.announce.events[0]: invalid enum value"),
        ('urls_from = "CHANNELS"', '"CHANNELS" does not say that it is secret; name it such as APPRISE_URLS'),
        (
            'say.released = "{verison}"',
            'plugin.announce.say.released: "{verison}" means nothing here; known: {app}',
        ),
        ('say.released = "{version"', "plugin.announce.say.released: expected '}' before end of string"),
        ('environments = ["prod"]', 'Unknown environment "prod".'),
    ],
)
def test_wrong_settings_are_refused_before_anything_begins(tmp_path: Path, settings: str, words: str) -> None:
    with announcing(tmp_path, "json://127.0.0.1:9", settings) as world, pytest.raises(UsageError) as raised:
        world.release()
    assert words in raised.value.what


LOADED = """
import sys
from pathlib import Path
from release.commands.plugins import course
course.read(Path(sys.argv[1]))
print(*(name for name in ("release.announce", "apprise") if name in sys.modules))
"""


@pytest.mark.parametrize(("named", "loaded"), [((), ""), (("release.announce",), "release.announce")])
def test_apprise_is_not_imported_until_somebody_is_told(
    tmp_path: Path, named: tuple[str], loaded: str
) -> None:
    monorepo(tmp_path, list(named))
    command = [sys.executable, "-c", LOADED, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == loaded


def test_where_apprise_is_missing_the_log_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "apprise", None)
    heard = Recorder()
    with announcing(tmp_path, "json://127.0.0.1:9", 'events = ["started"]') as world:
        assert world.release(listener=heard).exit_code == 0
    (line,) = [line for line in heard.lines if line.startswith("plugin announce")]
    assert line.endswith("apprise is not installed: pip install 'cms-release[announce]'")
