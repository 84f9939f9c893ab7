# Stops Postgres and removes what is to be removed, once the program that started this is gone, however it went.
# Standard input is a pipe whose other end only that program holds: end of file is its death (or its wish).
# Lines, the last of each kind counts, an empty value takes it back:
#   remove FOLDER     to be removed at the end        group N         a process group to kill
#   too FOLDER        another one to be removed
#   data FOLDER       the data of Postgres            child N         a process to end; there can be several
#   signal NAME       what stops Postgres             forget N        that child has ended
#   postmaster N      Postgres; "soon" while it is being started
trap '' HUP INT QUIT TERM PIPE TSTP TTIN TTOU
remove= too= data= signal=INT group= children= postmaster=

while read -r verb value; do
    case $verb in
    remove) remove=$value ;;
    too) too=$value ;;
    data) data=$value ;;
    signal) signal=$value ;;
    group) group=$value ;;
    child) children="$children $value" ;;
    forget)
        others=
        for child in $children; do [ "$child" = "$value" ] || others="$others $child"; done
        children=$others
        ;;
    postmaster) postmaster=$value ;;
    esac
done

if [ -n "$group" ]; then kill -KILL -- "-$group"; fi
for child in $children; do kill -TERM "$child"; done

if [ "$postmaster" = soon ]; then
    # The program died between starting Postgres and naming it: Postgres names itself, if it is there. The file may
    # also be an old one, and its number somebody else's by now.
    postmaster= turns=0
    while [ -z "$postmaster" ] && [ "$turns" -lt 100 ]; do
        turns=$((turns + 1))
        if [ -e "$data/postmaster.pid" ]; then read -r postmaster <"$data/postmaster.pid"; fi
        case $(ps -o args= -p "${postmaster:-0}") in
        *postgres*"$data"*) ;;
        *) postmaster= ;;
        esac
        if [ -z "$postmaster" ]; then sleep 0.02; fi
    done
fi
if [ -n "$postmaster" ] && kill "-$signal" "$postmaster"; then
    turns=0
    while kill -0 "$postmaster"; do
        turns=$((turns + 1))
        # Gone but not yet reaped by whoever inherited it: the process is there, its lock file is not.
        if [ "$turns" -gt 40 ] && [ ! -e "$data/postmaster.pid" ]; then break; fi
        if [ "$turns" -gt 1500 ]; then kill -KILL "$postmaster"; break; fi
        sleep 0.02
    done
fi

for folder in "$remove" "$too"; do
    turns=0
    # A symbolic link is removed, not followed.
    while [ -n "$folder" ] && { rm -rf -- "$folder"; [ -e "$folder" ]; } && [ "$turns" -lt 200 ]; do
        turns=$((turns + 1))
        sleep 0.05
    done
done
