#!/bin/bash
# Tests the parallel grep against the system's: runtime/tests/grep.sh PATH-OF-GREP.
set -u

ours=${1:?usage: $0 PATH-OF-GREP}
here=$(dirname "$0")
# shellcheck source=runtime/tests/lib.bash
. "$here/lib.bash"
export LC_ALL=C

# same NAME OPTIONS ARGUMENT...: ours finds what the system's grep does, and ends as it does.
same() {
    local name=$1 options=$2 want got
    shift 2
    # shellcheck disable=SC2086
    want=$(grep -rFIH $options -- "$@" 2>/dev/null | sort; echo "status ${PIPESTATUS[0]}")
    # shellcheck disable=SC2086
    got=$("$ours" $options -- "$@" 2>/dev/null | sort; echo "status ${PIPESTATUS[0]}")
    checks=$((checks + 1))
    [ "$want" = "$got" ] && return
    failures=$((failures + 1))
    echo "grep.sh P=$procs: FAILED $name:"
    diff <(echo "$want") <(echo "$got") | head -5
}

tree=$dir/tree
mkdir -p "$tree/b/c" "$tree/empty"
printf 'one\ntwo\n\nthree' >"$tree/a"
printf 'two\0two\n' >"$tree/binary"
{ head -c 200000 /dev/zero | tr '\0' x; printf 'two\ntwo twice two\n'; } >"$tree/b/long"
yes 'xtwo' | head -n 50000 >"$tree/b/c/many"
: >"$tree/b/nothing"
printf 'TWO Two tWo\n\377\376 two\r\n' >"$tree/b/c/case"
printf '\n\n\n' >"$tree/z"
ln -s a "$tree/link"
ln -s .. "$tree/b/up"
mkfifo "$tree/fifo"
deep=$tree
for _ in {1..60}; do
    deep=$deep/level
    mkdir "$deep"
done
echo two >"$deep/file"

{ yes two | head -c 300000; printf '\0'; } >"$dir/lately"

for procs in 1 2 4; do
    export HANDOFFPROCS=$procs
    for options in -c -n "-n -i" -l "-c -i"; do
        for what in two Two x '' three nowhere $'\r' twotwo; do
            same "$options '$what'" "$options" "$what" "$tree"
        done
    done
    same "lines" "" two "$tree"
    same "a file that is binary late" -c two "$dir/lately" # the system's grep would print its first lines
    check "it is binary, all of it" "" "$("$ours" -n two "$dir/lately")"
    same "several paths" -c two "$tree/b" "$tree/a" "$tree/link"
    same "a path that is missing" -c two "$tree/a" "$tree/missing"
    same "this kit" -c runqput "$here/.." "$here/../../handouts"
    same "this kit, lines" -n static "$here/.."
    check "the same each time" "$("$ours" -n -j 1 two "$tree" | cksum)" "$("$ours" -n -j 50 two "$tree" | cksum)"
    check "in order" "$("$ours" -l two "$tree")" "$("$ours" -l two "$tree" | sort)"
done
check "the status if something is found" 0 "$("$ours" two "$tree" >/dev/null; echo $?)"
check "if nothing is" 1 "$("$ours" nowhere "$tree" >/dev/null; echo $?)"
check "if a path is missing" 2 "$("$ours" two "$tree" "$tree/missing" >"$dir/out" 2>"$dir/err"; echo $?)"
check "which is named" "grep: $tree/missing: error 2" "$(cat "$dir/err")"
check "too few arguments" 2 "$("$ours" two 2>/dev/null; echo $?)"
check "nobody reads the output" 2 "$("$ours" -n two "$tree" 2>/dev/null > >(exec true); echo $?)"
finished grep
