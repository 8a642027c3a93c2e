#!/bin/bash
# Tests the demo of hand-off: runtime/tests/blocked.sh PATH-OF-BLOCKED. Ten calls of 100 ms each, on one P.
set -u

blocked=${1:?usage: $0 PATH-OF-BLOCKED}
# shellcheck source=runtime/tests/lib.bash
. "$(dirname "$0")/lib.bash"

# number TEXT OUTPUT: the number before TEXT.
number() {
    sed -n "s/.*[^0-9]\([0-9][0-9]*\) $1.*/\1/p" <<<"$2"
}

with=$(timeout 120 "$blocked" 10)
without=$(HANDOFFDEBUG=nohandoff=1 timeout 120 "$blocked" 10)
echo "blocked: with hand-off: $with"
echo "blocked: without: $without"
check "the P is handed off" 1 "$(($(number hand-offs "$with") >= 5))"
check "all sleep at the same time" 1 "$(($(number 'ms altogether' "$with") < $(number 'ms altogether' "$without")))"
check "on a thread each" 1 "$(($(number threads "$with") >= 8))"
check "without, no hand-off" 1 "$(($(number hand-offs "$without") == 0))"
check "one after the other" 1 "$(($(number 'ms altogether' "$without") >= 1000))"
check "the worker waits" 1 "$(($(number 'ms;' "$without") >= 300))"
check "and works little" 1 "$(($(number rounds "$without") < $(number rounds "$with")))"
finished blocked
