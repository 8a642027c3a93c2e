# What the tests of the programs have in common; they read it. A test counts its checks, and ends with finished.
# shellcheck shell=bash

patience=30 # seconds that anything may take that should take none
checks=0 failures=0 pid=
dir=$(mktemp -d)

# What is left of a test: its directory, and the program if it still runs.
cleanup() {
    [ -z "$pid" ] || kill -KILL "$pid" 2>/dev/null
    rm -rf "$dir"
}
trap cleanup EXIT

# needs TOOL...: they must be installed.
needs() {
    local tool
    for tool; do
        command -v "$tool" >/dev/null || { echo "$0: $tool is not installed" >&2; exit 1; }
    done
}

# check NAME WANT GOT: they must be the same.
check() {
    checks=$((checks + 1))
    [ "$2" = "$3" ] && return
    failures=$((failures + 1))
    printf '%s%s: FAILED %s: wanted "%s", got "%s"\n' "${0##*/}" "${procs:+ P=$procs}" "$1" "$2" "$3"
}

# has NAME TEXT GOT: GOT must contain TEXT.
has() {
    case $3 in
    *"$2"*) check "$1" "$2" "$2" ;;
    *) check "$1" "$2" "$3" ;;
    esac
}

# until_ WHAT COMMAND...: waits until the command succeeds.
until_() {
    local what=$1 end=$((SECONDS + patience))
    shift
    until "$@"; do
        [ $SECONDS -lt $end ] || { check "$what" "in $patience seconds" "not"; return 1; }
        sleep 0.05 # between two looks
    done
    check "$what" ok ok
}

# finished NAME: says how it was; the status is the test's.
finished() {
    echo "$1: $checks checks, $failures failed"
    [ "$failures" -eq 0 ]
}
