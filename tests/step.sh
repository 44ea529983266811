#!/usr/bin/env bash
# Run one step of make test, and record how it ended and the time it took: of the clock, and of processors.
# Usage: tests/step.sh RECORD TARGET
#        tests/step.sh RECORD            (print the record)
set -euo pipefail
record=$1
if [ $# = 1 ]; then
    printf '\n%-24s %8s %8s\n' step seconds CPU
    sort --key=2,2nr "$record"
    ! grep --quiet failed "$record"
    exit
fi
target=$2 outcome=ok TIMEFORMAT='%0R %0U %0S'
echo "begin $target"
exec 3>&1 4>&2
took=$({ time make --no-print-directory "$target" >&3 2>&4; } 2>&1) || outcome=failed
read -r wall user system <<<"$took"
printf '%-24s %8d %8d  %s\n' "$target" "$wall" $((user + system)) $outcome | tee -a "$record"
[ $outcome = ok ]
