"""The scripts that make a shell ask `inv --complete -- WORD ...` for what may follow."""

from __future__ import annotations

from release.commands.options import SHELLS
from release.errors import UsageError
from release.formats.suggestion import unknown

BASH = """\
_inv() {
    local IFS=$'\\n'
    COMPREPLY=($("${COMP_WORDS[0]}" --complete -- "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null))
}
complete -o default -F _inv inv invoke ./inv
"""
ZSH = """\
#compdef inv invoke
_inv() {
    local -a found
    found=("${(@f)$("${words[1]}" --complete -- "${(@)words[2,CURRENT]}" 2>/dev/null)}")
    [[ -n "${found[1]}" ]] && compadd -- "${found[@]}" || _files
}
compdef _inv inv invoke
"""
FISH = """\
function __inv_complete
    set -l words (commandline -opc) (commandline -ct)
    set -l found ($words[1] --complete -- $words[2..-1] 2>/dev/null)
    if test (count $found) -gt 0
        printf '%s\\n' $found
    else
        __fish_complete_path (commandline -ct)
    end
end
complete -c inv -f -a '(__inv_complete)'
complete -c invoke -f -a '(__inv_complete)'
"""
_SCRIPTS = dict(zip(SHELLS, (BASH, ZSH, FISH), strict=True))


def script(shell: str) -> str:
    """The script of a shell. Raises UsageError for another."""
    if not shell:
        raise UsageError(f"inv completion needs a shell: {', '.join(SHELLS)}.")
    if shell not in _SCRIPTS:
        raise UsageError(unknown("shell", shell, SHELLS))
    return _SCRIPTS[shell]
