"""The servers of a stage, in one place: loading them takes a good part of a second, so a stage does it beside git's work."""

from __future__ import annotations

from release.rehearsal.cloud.miniflare_runtime import MiniflareRuntime
from release.rehearsal.cloud.server import Cloud
from release.rehearsal.forge import Forge

__all__ = ["Cloud", "Forge", "MiniflareRuntime"]
