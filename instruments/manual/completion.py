"""The completion of bash and zsh: commands, options, files, choices, and settings with their values."""

import re
from collections.abc import Iterator

from instruments.manual.commands import Command, Option, commands, settings

SETTING = ("SETTING",)
HEAD = "Written by scripts/draw-manual; a test compares."


def completions() -> dict[str, str]:
    """Each file of the completion by its name."""
    return {"edged": bash(), "_edged": zsh()}


# -- bash --------------------------------------------------------------------------------------------------

_BASH = r"""# Completion of edged for bash. {head}
# It needs no package: bash-completion loads it if it is there, and any bash can read it with `source`.

_edged() {{
    local cur=${{COMP_WORDS[COMP_CWORD]}} prev=${{COMP_WORDS[COMP_CWORD - 1]}} path='' word i
    local options='' words='' below='' valued=''
    COMPREPLY=()
    # bash takes "=" for a word of its own
    if [[ $cur == '=' ]]; then
        cur=''
    elif [[ $prev == '=' ]]; then
        prev=${{COMP_WORDS[COMP_CWORD - 2]}}
    fi
    for ((i = 1; i <= COMP_CWORD; i++)); do
        word=${{COMP_WORDS[i]}}
        _edged_command "$path"
        if [[ $i -eq $COMP_CWORD ]]; then
            break
        elif [[ " $valued " == *" $word "* ]]; then
            ((i++))
            [[ ${{COMP_WORDS[i]}} != '=' ]] || ((i++))
        elif [[ " $below " == *" $word "* ]]; then
            path=${{path:+$path }}$word
        fi
    done
    _edged_command "$path"
    if [[ " $valued " == *" $prev "* ]]; then
        _edged_value "$path" "$prev"
    elif _edged_setting_value "$prev"; then
        :
    elif [[ $cur == -* ]]; then
        mapfile -t COMPREPLY < <(compgen -W "$options" -- "$cur")
    elif [[ $words == FILE ]]; then
        _edged_files
    else
        mapfile -t COMPREPLY < <(compgen -W "$below $words" -- "$cur")
    fi
}}

_edged_files() {{
    mapfile -t COMPREPLY < <(compgen -f -- "$cur")
    compopt -o filenames 2>/dev/null || true
}}

_edged_words() {{
    mapfile -t COMPREPLY < <(compgen -W "$1" -- "$cur")
}}

_edged_settings() {{
    mapfile -t COMPREPLY < <(compgen -S = -W "{settings}" -- "$cur")
    compopt -o nospace 2>/dev/null || true
}}

# The value of a setting, after --set NAME=
_edged_setting_value() {{
    [[ " ${{COMP_WORDS[*]}} " == *' --set '* ]] || return 1
    case $1 in
{of_settings}
        *) return 1 ;;
    esac
}}

# What may follow a command
_edged_command() {{
    options='' words='' below='' valued=''
    case $1 in
{of_commands}
    esac
}}

# What may follow an option
_edged_value() {{
    case "$1 $2" in
{of_options}
    esac
}}

complete -F _edged edged
"""


def bash() -> str:
    found = commands()
    return _BASH.format(
        head=HEAD,
        settings=" ".join(each.name for each in settings() if "[]" not in each.name),
        of_settings="\n".join(_bash_settings()),
        of_commands="\n".join(line for command in found for line in _bash_command(command)),
        of_options="\n".join(_bash_options(found)),
    )


def _bash_settings() -> Iterator[str]:
    for each in settings():
        if each.values and "[]" not in each.name:
            yield f"        {each.name}) _edged_words '{' '.join(each.values)}' ;;"


def _bash_command(command: Command) -> Iterator[str]:
    options = " ".join(name for each in command.options for name in each.names)
    valued = " ".join(name for each in command.options if each.metavar for name in each.names)
    yield f"        '{' '.join(command.path)}')"
    yield f"            options='{options}'"
    if valued:
        yield f"            valued='{valued}'"
    if command.below:
        yield f"            below='{' '.join(command.below)}'"
    for each in command.positionals:
        if each.choices or each.is_file:
            yield f"            words='{'FILE' if each.is_file else ' '.join(each.choices)}'"
    yield "            ;;"


def _bash_options(found: list[Command]) -> Iterator[str]:
    for command in found:
        for each in command.options:
            what = ""
            if each.choices == SETTING:
                what = "_edged_settings"
            elif each.choices:
                what = f"_edged_words '{' '.join(each.choices)}'"
            elif each.is_file:
                what = "_edged_files"
            if what and each.metavar:
                patterns = " | ".join(f"'{' '.join((*command.path, name))}'" for name in each.names)
                yield f"        {patterns}) {what} ;;"


# -- zsh ---------------------------------------------------------------------------------------------------

_ZSH = r"""#compdef edged
# Completion of edged for zsh. {head}

_edged_settings() {{
    local -a names=({settings})
    if compset -P 1 '*='; then
        case ${{IPREFIX%=}} in
{of_settings}
        esac
        return
    fi
    compadd -S = -- $names
}}

{functions}

_edged "$@"
"""


def zsh() -> str:
    found = commands()
    shown = " ".join(each.name for each in settings() if "[]" not in each.name)
    values = "\n".join(
        f"            *{each.name}) compadd -- {' '.join(each.values)} ;;"
        for each in settings()
        if each.values and "[]" not in each.name
    )
    functions = "\n\n".join(_zsh_function(command, found) for command in reversed(found))
    return _ZSH.format(head=HEAD, settings=shown, of_settings=values, functions=functions)


def _zsh_function(command: Command, found: list[Command]) -> str:
    lines = [f"{_function(command.path)}() {{"]
    specs = [spec for each in command.options for spec in _zsh_option(each)]
    if command.below:
        lines += ["    local curcontext=$curcontext state line ret=1", "    local -a verbs=("]
        for name in command.below:
            (at,) = (each for each in found if each.path == (*command.path, name))
            lines.append(f"        {_quoted(f'{name}:{at.help}')}")
        lines += ["    )", "    _arguments -C -S \\"]
        lines += [f"        {spec} \\" for spec in specs]
        lines += ["        '1: :->verb' '*:: :->rest' && ret=0", "    case $state in"]
        lines += ["        verb) _describe -t commands 'command' verbs && ret=0 ;;", "        rest)"]
        lines += ["            case $words[1] in"]
        lines += [
            f"                {name}) {_function((*command.path, name))} && ret=0 ;;"
            for name in command.below
        ]
        lines += ["            esac", "            ;;", "    esac", "    return ret", "}"]
        return "\n".join(lines)
    for each in command.positionals:
        many = "*" if each.repeats else "1"
        specs.append(_quoted(f"{many}:{each.metavar.lower()}:{_zsh_values(each)}"))
    lines += [
        "    _arguments -S \\",
        *(f"        {spec} \\" for spec in specs[:-1]),
        f"        {specs[-1]}",
        "}",
    ]
    return "\n".join(lines)


def _zsh_option(option: Option) -> Iterator[str]:
    about = f"[{_plain(option.help)}]"
    value = f":{_plain(option.metavar.lower())}:{_zsh_values(option)}" if option.metavar else ""
    others = "" if option.repeats else f"({' '.join(option.names)})"
    for name in option.names:
        mark = "*" if option.repeats else ""
        joined = "=" if option.metavar and name.startswith("--") else ""
        yield _quoted(f"{others}{mark}{name}{joined}{about}{value}")


def _zsh_values(option: Option) -> str:
    if option.choices == SETTING:
        return "_edged_settings"
    if option.choices:
        return f"({' '.join(option.choices)})"
    return "_files" if option.is_file else " "


def _function(path: tuple[str, ...]) -> str:
    return "_".join(("_edged", *path))


def _plain(text: str) -> str:
    """A description that `_arguments` does not take apart."""
    return re.sub(r"([\[\]:\\])", r"\\\1", text)


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "'\\''") + "'"
