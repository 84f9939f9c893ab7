# Stops Postgres and removes what is to be removed, once the program that started this is gone, however it went.
# Standard input is a pipe whose other end only that program holds: end of file is its death (or its wish).
# Arguments: the data folder, the signal that stops Postgres, the folder to remove ('' for none).
# Lines: "group N" a process group to kill, "child N" a process to end, "postmaster N" the Postgres to stop.
trap '' HUP INT QUIT TERM PIPE TSTP TTIN TTOU
data=$1 signal=$2 remove=$3
group= children= postmaster=

while read -r verb number; do
    case $verb in
    group) group=$number ;;
    child) children="$children $number" ;;
    postmaster) postmaster=$number ;;
    esac
done

if [ -n "$group" ]; then kill -KILL -- "-$group"; fi
for child in $children; do kill -TERM "$child"; done
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
if [ -n "$remove" ]; then
    turns=0
    while rm -rf -- "$remove"; [ -e "$remove" ] && [ "$turns" -lt 100 ]; do
        turns=$((turns + 1))
        sleep 0.05
    done
fi
