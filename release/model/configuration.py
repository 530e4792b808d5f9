"""What a worker has besides its code, from three sides, and what a deploy changes of it (pure)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from msgspec import field

from release.frozen import Frozen

if TYPE_CHECKING:
    from collections.abc import Mapping

    from release.formats.worker_settings import Trait, WorkerSettings

Origin = Literal["release", "elsewhere", ""]
Loss = Literal["variables", "secrets", "bindings", "routes", "crons", "workers_dev", "classes"]


class Compared(Frozen, frozen=True):
    """One worker's three sides: what serves, what the commit's configuration wants, what the last release's wanted.

    `live` is None where nothing serves, `last` where the last release's configuration is not known. `who` deployed what
    serves, where Cloudflare tells. `zones` are those of its routes, as they are asked for.
    """

    script: str
    live: WorkerSettings | None
    wanted: WorkerSettings
    last: WorkerSettings | None = None
    who: str = ""
    zones: tuple[tuple[str, str], ...] = ()


class SettingChange(Frozen, frozen=True):
    """One setting that a deploy changes. `mark` is +, -, ~ or !; `origin` says what made the difference: this release, or not.

    `loss` is the kind of loss that it would be, None where nothing is lost; `why` says what happens, `remedy` what to write.
    """

    worker: str
    mark: str
    trait: Trait
    before: str = ""
    after: str = ""
    origin: Origin = ""
    loss: Loss | None = None
    why: str = ""
    remedy: str = ""

    @property
    def word(self) -> str:
        """The name by which it is accepted: `--accept cms/var:SMTP_HOST`."""
        return f"{self.worker}/{self.trait.word}"

    @property
    def text(self) -> str:
        """The change in a line, as a plan shows it."""
        shown = self.after if self.mark == "+" else self.before
        if self.mark == "~":
            shown = f" {self.before or '(none)'} -> {self.after or '(none)'}"
        elif shown:
            shown = f" ({shown})"
        return f"{self.mark} {self.trait}{shown}{f': {self.why}' if self.why else ''}"

    def as_json(self) -> dict[str, Any]:
        """The change in an outcome's JSON."""
        return {
            "worker": self.worker,
            "mark": self.mark,
            "kind": self.trait.kind,
            "name": self.trait.name,
            "before": self.before or None,
            "after": self.after or None,
            "origin": self.origin or None,
            "loss": self.loss,
            "why": self.why or None,
            "accept": self.word if self.loss else None,
        }


class WorkerChanges(Frozen, frozen=True):
    """All that a deploy changes of one worker, and the kinds of which nobody can tell, with the reason."""

    worker: str
    changes: tuple[SettingChange, ...] = ()
    unread: Mapping[str, str] = field(default_factory=dict)

    @property
    def lines(self) -> tuple[str, ...]:
        """What is to be told of it, in lines; none where there is nothing."""
        unknown = (f"? cannot tell about {kind}s: {why}" for kind, why in sorted(self.unread.items()))
        return (*(one.text for one in self.changes), *unknown)
