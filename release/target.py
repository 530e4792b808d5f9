"""Packages that a plugin publishes, as a plugin imports them: `from release.target import NpmTarget`."""

from release.config.target import NpmTarget, Target

__all__ = ["NpmTarget", "Target"]
