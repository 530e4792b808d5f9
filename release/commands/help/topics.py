"""The topics of `inv help`, as paragraphs; the man pages have them too."""

from __future__ import annotations

import shutil
import textwrap
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from invoke.collection import Collection

    from release.commands.ending import Shown


@dataclass(frozen=True)
class Topic:
    """A title, paragraphs between blank lines, and the page that says more. A row of a `table` is a word and what it means."""

    title: str
    text: str
    table: tuple[tuple[str, str], ...] = ()
    page: str = ""

    @property
    def paragraphs(self) -> list[str]:
        """The text, each paragraph in one line."""
        return [" ".join(one.split()) for one in self.text.split("\n\n") if one.strip()]


EXIT_CODES = (
    ("0", "Released, or this very plan was already. For other commands: done, or nothing is wrong."),
    ("1", "Failed; production is unchanged. Fix what it names, then run it again."),
    ("2", "Wrong use or configuration: an unknown word, a missing value or token. Correct it."),
    ("3", "Production changed and the release is not recorded. Run it again, or inv rollback."),
    (
        "4",
        "Blocked: a check, the lock, an approval, or something that could not be read. Do what it names, run it again.",
    ),
    ("5", "Nothing to release: no commits since the last tag."),
    ("10", "inv plan --exit-code: there is something to release."),
    ("130", "Interrupted (Ctrl-C) before anything was begun. After that it is 1 or 3."),
)
TOPICS = {
    "exit-codes": Topic("What the exit codes mean", "", EXIT_CODES, "README.md"),
    "configuration": Topic(
        "Where the configuration is",
        """
        Everything is in [tool.release] of pyproject.toml. inv init writes it; an unknown or wrong key is refused with its line.

        Tokens come from the environment: CLOUDFLARE_API_TOKEN, CLOUDFLARE_ACCOUNT_ID, GITHUB_TOKEN (or GH_TOKEN), and
        NODE_AUTH_TOKEN to publish.
        """,
        page="docs/configuration.md",
    ),
    "approval": Topic(
        "Who approves a release",
        """
        A plan has a hash, and that hash is what is approved. If the plan changes, the approval is void.

        At a terminal you type the tag. In the workflow, the required reviewers of the GitHub environment approve the run: there,
        or with inv approve.

        Without a terminal, --yes needs approval.unattended. With approval.two_person, a release from a terminal needs
        --break-glass TEXT. --yes does not answer the questions of the checklist.
        """,
        page="docs/github.md",
    ),
    "rollback": Topic(
        "How to go back",
        """
        inv rollback puts the workers back on the versions that were live before the last release, the last worker first. inv
        rollback TAG goes to that release, forward too. inv rollback --dry-run shows what it would do.

        The database is never rolled back. If a migration was applied since, and the older workers would not run on the newer
        schema, it stops; --despite-migrations goes on. It prints the command that restores D1 to the bookmark from before.

        A number that was rolled back is not used again. inv status shows what ships next.
        """,
        page="docs/versioning.md",
    ),
    "plugins": Topic(
        "How to add checks, steps and packages",
        """
        A plugin is a Python file named in plugins of [tool.release], or an installed package with the entry point cms_release.
        It implements hooks such as release_checks, release_steps and release_targets.

        inv plugins shows what each one adds, and the resulting order of steps. plugins_off turns one off.
        """,
        page="docs/plugins.md",
    ),
    "json": Topic(
        "What --json prints",
        """
        One JSON object on stdout; everything for people goes to stderr. The exit code is the same. docs/schemas has a JSON
        Schema for each command. A command adds its own fields to these:
        """,
        (
            ("schema", "Version of this contract: 1. New fields do not raise it."),
            ("command", "The command, as it is typed after inv."),
            (
                "outcome",
                "How it ended: released, planned, ok, failed, usage, blocked, unrecorded, nothing, interrupted, ...",
            ),
            ("exit_code", "What the process ends with."),
            ("at", "When it ended, in UTC."),
            (
                "problems",
                "Each has check, level (block, fail, warn, ask, skip), what, advice, file and line.",
            ),
            ("next", "The command to run next, or null."),
        ),
        "docs/commands.md",
    ),
    "stage": Topic(
        "How to try it without any account",
        """
        inv rehearse makes a release for real on this machine: the real wrangler, workerd and git against a local Cloudflare and
        a local GitHub. Nothing stays behind.

        inv rehearsal.start starts a stage that stays running, and inv rehearsal.shell opens a shell on it: every inv that is
        typed there acts on the stage. exit leaves the shell, inv rehearsal.stop ends the stage.
        """,
        page="README.md",
    ),
}


def about(topic: str, tasks: Collection, groups: Mapping[str, tuple[str, ...]]) -> Shown:
    """A topic or a command; without one, all of them. Raises UsageError for a word that is neither."""
    from release.commands.ending import Shown
    from release.commands.help.manual import help_lines, page_of
    from release.commands.help.overview import overview

    name = topic.lower().replace(" ", "-").replace("_", "-")
    begun = [one for one in TOPICS if one.startswith(name)]
    if not topic:
        lines = [
            *overview(tasks, groups),
            "",
            "Topics:",
            *(f"  {name:<20} {one.title}" for name, one in TOPICS.items()),
        ]
    elif topic in tasks.task_names:
        lines = [*help_lines(page_of(topic, tasks[topic]))]
    elif len(begun) == 1:
        lines = [*topic_lines(TOPICS[begun[0]])]
    else:
        from release.errors import UsageError
        from release.formats.suggestion import unknown

        raise UsageError(unknown("topic", topic, [*TOPICS, *tasks.task_names]))
    return Shown(lines, {"topic": topic or None, "text": "\n".join(lines)})


def topic_lines(topic: Topic, width: int | None = None) -> Iterator[str]:
    """A topic in lines of at most `width` columns (the terminal's unless given)."""
    width = max((width or shutil.get_terminal_size().columns) - 1, 40)
    yield topic.title
    for paragraph in topic.paragraphs:
        yield ""
        yield from textwrap.wrap(paragraph, width, break_on_hyphens=False)
    if topic.table:
        yield ""
        wide = max(len(word) for word, _ in topic.table) + 4
        for word, text in topic.table:
            first = f"  {word}".ljust(wide)
            yield from textwrap.wrap(
                text, width, initial_indent=first, subsequent_indent=" " * wide, break_on_hyphens=False
            )
    if topic.page:
        yield ""
        yield f"More: {topic.page}"
