# Completes supadeck in fish: the program itself says what can follow, and files do where it says nothing.
# The words go by a pipe: there may be a key among them.
# For this shell: supadeck completions fish | source

function __supadeck_complete
    set -l words (commandline -opc)
    set -e words[1]
    set -l typed (commandline -ct)
    set -l lines (printf '%s\0' $words "$typed" | command supadeck __complete 2> /dev/null)
    if test (count $lines) -eq 0
        __fish_complete_path "$typed"
    else
        printf '%s\n' $lines
    end
end

complete -c supadeck -f -a '(__supadeck_complete)'
