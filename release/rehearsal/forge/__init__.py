"""A GitHub of one repository on loopback: REST and smart-HTTP git over one bare repository."""

from __future__ import annotations

from release.rehearsal.forge.app import Forge, Write
from release.rehearsal.forge.contract import ContractViolation
from release.rehearsal.forge.githttp import RefUpdate
from release.rehearsal.loopback import DropConnection

__all__ = ["ContractViolation", "DropConnection", "Forge", "RefUpdate", "Write"]
