# Completes supadeck in bash: the program itself says what can follow, and files do where it says nothing.
# The words go by a pipe: there may be a key among them.
# For this shell: source <(supadeck completions bash)

_supadeck() {
    local line=${COMP_LINE:0:COMP_POINT} typed value rest
    local -a words
    read -r -a words < <(printf '%s\n' "$line")
    [[ $line == *[[:space:]] ]] && words+=("")
    typed=${words[${#words[@]}-1]}
    # Bash ends words at `:`, `=` and `@` too, and replaces what is behind the last of them only.
    local kept=${typed%"$2"}
    COMPREPLY=()
    while IFS=$'\t' read -r value rest; do
        COMPREPLY+=("${value#"$kept"}")
    done < <(printf '%s\0' "${words[@]:1}" | command supadeck __complete 2> /dev/null)
    if [[ ${#COMPREPLY[@]} -eq 1 && ${COMPREPLY[0]} == *[=:] ]]; then
        compopt -o nospace 2> /dev/null
    fi
}

complete -o default -F _supadeck supadeck
