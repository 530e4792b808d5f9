"""The options of every command: a word, a letter, a value and a meaning each, the same everywhere.

The helps, the man pages, the completion and the table in docs/commands.md are made of this table.
"""

from __future__ import annotations

from dataclasses import dataclass

LEVELS = ("patch", "minor", "major", "auto")
SHELLS = ("bash", "zsh", "fish")
TOPICS = ("exit-codes", "configuration", "approval", "rollback", "plugins", "json", "stage")


@dataclass(frozen=True)
class Option:
    """`--word VALUE`, and `-letter` where it has one. A flag has no `value`.

    `values` are all that it may be; `names` says what is named where the repository knows: environment, tag, package, file,
    commit, run or topic. `is_many`: it may be given several times. `is_on`: it is on unless `--no-word` is given.
    """

    word: str
    does: str
    letter: str = ""
    value: str = ""
    values: tuple[str, ...] = ()
    names: str = ""
    is_many: bool = False
    is_on: bool = False

    @property
    def parameter(self) -> str:
        """The word as a function's parameter."""
        return self.word.replace("-", "_")

    @property
    def spelled(self) -> str:
        """The word as it is typed, with the name of its value."""
        word = f"--no-{self.word}" if self.is_on else f"--{self.word}"
        return f"{word} {self.value}" if self.value else word


TABLE = (
    Option("bump", "patch, minor, major, or auto: the bump that the change needs", "b", "BUMP", LEVELS),
    Option("env", "environment in [tool.release.environments]", "e", "ENV", names="environment"),
    Option("dry-run", "show what would be done; change nothing", "d"),
    Option("yes", "skip the prompt; without a terminal, a release needs approval.unattended", "y"),
    Option("json", "print one JSON object on stdout, everything else on stderr", "j"),
    Option("verbose", "show the output of every program that runs", "v"),
    Option("reason", "reason; recorded with the release", "r", "TEXT"),
    Option(
        "output",
        "write the plan to this file, to be approved and released later",
        "o",
        "FILE",
        names="file",
    ),
    Option(
        "plan",
        "release this plan, written by --output; refused if anything has changed since",
        "p",
        "FILE",
        names="file",
    ),
    Option("finish", "finish the unfinished release, whatever its bump and commit (ignores --bump)", "f"),
    Option("underbump", "reason for a lower bump than the change needs; recorded", "u", "TEXT"),
    Option(
        "accept",
        "loss that the plan names, to go ahead with; needs --reason; repeatable",
        value="NAME",
        is_many=True,
    ),
    Option("break-glass", "reason for bypassing the workflow or second approver; recorded", value="TEXT"),
    Option("exit-code", "end with 10 if there is something to release, or to show; 0 if there is not"),
    Option("between", "two environments to hold against each other", value="ENV,ENV"),
    Option("through", "last migration that was already applied", value="FILE"),
    Option("to", "release to go back to; by default the one before the last", value="TAG", names="tag"),
    Option("despite-migrations", "roll back even though migrations were applied since"),
    Option("database", "restore the databases instead, to the bookmarks from before the last migrations"),
    Option("tag", "release that is meant; by default the last one", value="TAG", names="tag"),
    Option("pick", "commit to take onto the hotfix branch; repeatable", value="SHA", is_many=True),
    Option("here", "release from this checkout instead of the workflow; needs --break-glass"),
    Option("deadline", "minutes to wait for CI", value="MINUTES"),
    Option("name", "package to publish", value="PACKAGE", names="package"),
    Option("pre", "publish a prerelease with this label, also its dist-tag: beta, rc", value="LABEL"),
    Option("line", "release line to continue, such as 1.3, from its own branch", value="LINE"),
    Option("hotfix", "rehearse a hotfix: a red production, and the fix live, tagged and on main"),
    Option("publish", "rehearse publishing this package instead", value="PACKAGE", names="package"),
    Option(
        "like", "start from what this environment really holds; read only", value="ENV", names="environment"
    ),
    Option("rows", "with --like: rows of each table to copy at most", value="COUNT"),
    Option("run", "workflow run, by number or URL; by default the one that is waiting", value="RUN"),
    Option("reject", "reject the plan; nothing is released"),
    Option("comment", "comment shown to reviewers and stored with the release", "c", "TEXT"),
    Option("hash", "approve only this plan, by 7 or more digits of its hash, without a prompt", value="HASH"),
    Option("follow", "start the workflow and exit without watching it", is_on=True),
    Option("answer", "answer to a question, as KEY=VALUE; repeatable", "a", "KEY=VALUE", is_many=True),
    Option("check", "list what stands in the way of adoption; ask nothing and change nothing"),
    Option("worker", "worker in [[tool.release.workers]]; by default the last one", value="WORKER"),
    Option(
        "set-var",
        "variable to set, or with no value to take away; repeatable",
        value="NAME=VALUE",
        is_many=True,
    ),
    Option(
        "cron",
        "crons that the worker has then, in place of those it has; repeatable",
        value="CRON",
        is_many=True,
    ),
    Option(
        "route",
        "routes that the worker has then, in place of those it has; repeatable",
        value="PATTERN",
        is_many=True,
    ),
    Option("all", "show the defaults too, not only what is set"),
    Option("unset", "print the commands that undo it"),
    Option("topic", "command or topic", value="TOPIC", names="topic"),
    Option("shell", "bash, zsh or fish", value="SHELL", values=SHELLS),
)
OPTIONS = {one.word: one for one in TABLE}
WORDS = {  # `inv rollback TAG` is `inv rollback --to TAG`
    "rollback": "to",
    "approve": "run",
    "publish": "name",
    "hotfix": "tag",
    "open": "tag",
    "help": "topic",
    "completion": "shell",
}
FORMER = {  # spellings of before this table, which stay accepted: by command, the option that is meant
    ("approve", "--plan"): "hash",
}


def of_parameter(name: str) -> Option:
    """The option that a task's parameter is. Raises KeyError for one that the table does not have."""
    return OPTIONS[name.replace("_", "-")]


def known(name: object) -> Option | None:
    """The same by Invoke's name of an argument; None for one of a project's own tasks."""
    return OPTIONS.get(str(name).replace("_", "-"))
