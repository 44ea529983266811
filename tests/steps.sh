#!/usr/bin/env bash
# Run targets of make one after the other, all of them whatever fails, and record how each ended and how long it took.
# Usage: tests/steps.sh RECORD 'TARGET [VARIABLE=VALUE]' ...
#        tests/steps.sh RECORD            (print the record)
set -euo pipefail
record=$1
shift
if [ $# = 0 ]; then
    echo
    sort "$record"
    ! grep --quiet failed "$record"
    exit
fi
code=0
for step; do
    # A step is a target and perhaps one variable, whose value may hold blanks.
    target=${step%% *} variable=
    [ "$target" = "$step" ] || variable=${step#* }
    outcome=ok began=$SECONDS
    ${MAKE:-make} --no-print-directory "$target" ${variable:+"$variable"} || outcome=failed code=1
    printf '%-60s %6d s  %s\n' "$step" $((SECONDS - began)) "$outcome" | tee -a "$record"
done
exit $code
