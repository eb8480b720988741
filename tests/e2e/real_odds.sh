#!/bin/sh
# verdict.repeats = sure on real kernels, Debian's linux 6.12: the example series is
# judged by as many boots as it takes, and the verdict says how sure it is. One case of
# the suite, so that a boot takes seconds.
# shellcheck source=tests/e2e/lib.sh disable=SC1091
. "$(dirname "$0")/lib.sh"
real_world real_odds

brief_suite
sed -i 's/^repeats = once/repeats = sure/' "$T/config.ini"

sl example -o "$T/mbox"
sl test --topology smp4 --suite brief --json "$T/json" "$T/mbox"
sed 's/^/# /' "$OUT"
is "exit 1, it breaks something" "$RC" 1
of_test='.verdicts[] | select(.kind == "test")'
is "broken by 3, repaired by 5" "$(verdict brief/compaction smp4)" "transient 3 5"
is "as sure as it has to be" "$(jget "$of_test | .probability >= 0.99")" true
is "nothing failed before" "$(jget "$of_test | .odds.before.failures")" 0
is "nothing failed after" "$(jget "$of_test | .odds.after.failures")" 0
check "the patch, what is before it and what is after it ran again" \
	test "$(jget "[$of_test | .odds.before.runs, .odds.bad.runs, .odds.after.runs] | min")" -ge 2
check "and failed whenever it was bad" \
	test "$(jget "$of_test | .odds.bad.failures == .odds.bad.runs")" = true
finish
