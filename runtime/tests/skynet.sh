#!/bin/bash
# Tests skynet: runtime/tests/skynet.sh PATH-OF-SKYNET.
set -u

skynet=${1:?usage: $0 PATH-OF-SKYNET}
# shellcheck source=runtime/tests/lib.bash
. "$(dirname "$0")/lib.bash"

for procs in 1 2 4; do
    export HANDOFFPROCS=$procs
    check "a hundred thousand" 4999950000 "$("$skynet" 100000 2>"$dir/err")"
    has "each was a goroutine" " 111111 goroutines" "$(sed 's/ 11111[1-9] goroutines/ 111111 goroutines/' "$dir/err")"
done
check "a million" 499999500000 "$("$skynet" 2>/dev/null)"
check "one" 0 "$("$skynet" 1 2>/dev/null)"
check "no power of ten" 2 "$("$skynet" 99 2>/dev/null; echo $?)"
finished skynet
