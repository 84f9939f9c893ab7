#compdef supadeck
# Completes supadeck in zsh: the program itself says what can follow, and files do where it says nothing.
# The words go by a pipe: there may be a key among them.
# For this shell: source <(supadeck completions zsh)

_supadeck() {
    local -a values shown
    local line
    for line in "${(@f)$(printf '%s\0' "${(@)words[2,CURRENT-1]}" "$PREFIX" | command supadeck __complete 2> /dev/null)}"; do
        [[ -n $line ]] || continue
        values+=("${line%%$'\t'*}")
        if [[ $line == *$'\t'* ]]; then
            shown+=("${line%%$'\t'*}  -- ${line#*$'\t'}")
        else
            shown+=("$line")
        fi
    done
    if (( ${#values} == 0 )); then
        _files
    elif [[ ${#values} -eq 1 && ${values[1]} == *[=:] ]]; then
        compadd -S '' -- "${values[@]}"
    else
        compadd -l -d shown -- "${values[@]}"
    fi
}

if [[ ${funcstack[1]} == _supadeck ]]; then
    _supadeck "$@"
else
    compdef _supadeck supadeck
fi
