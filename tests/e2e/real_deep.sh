#!/bin/sh
# What runs for base and tip only, on Debian's linux 6.12 with two nodes: the deep
# suite, and the mm selftests that the tree brings along. A good kernel passes all of
# it, and nothing of it is skipped but for the reasons that its files give.
# shellcheck source=tests/e2e/lib.sh disable=SC1091
. "$(dirname "$0")/lib.sh"
real_world deep

comment_patch
sl test --topology numa2 --suite mlock-migrate-deep,kselftest-mm --json "$T/json" "$T/one.mbox"
sed 's/^/# /' "$OUT"
: >"$OUT"
is "exit 0: a good kernel passes" "$RC" 0
is "every boot ended well" "$(jget '[.steps[].boots[].status] | unique | join(" ")')" ok

# tests SUITE: what its file lists.
tests() {
	sed -n 's/^\[test \(.*\)\]$/\1/p' "$SLUICE_ROOT/runners/suites/$1.ini" | sort
}

# came_to SUITE RESULT...: its tests that came to one of these at the base.
came_to() {
	came_suite=$1
	shift
	jget ".steps[0].boots[].tests[] | select((.test | startswith(\"$came_suite/\")) and
		(.result | test(\"^($(echo "$*" | tr ' ' '|'))\$\"))) | .test" |
		sed 's|.*/||' | sort -u
}

# All of it needs nothing that this machine lacks.
is "mlock-migrate-deep: all of it ran and passed" "$(came_to mlock-migrate-deep pass)" \
	"$(tests mlock-migrate-deep)"
is "kselftest-mm: each passed, or said why not" "$(came_to kselftest-mm pass skip)" \
	"$(tests kselftest-mm)"
is "kselftest-mm: no skip without a reason" "$(jget '[.steps[0].boots[].tests[] |
	select(.result == "skip" and (.reason // "") == "")] | length')" 0
for name in mlock2-tests mlock-random on-fault-limit mremap cow ksm-merge; do
	check "kselftest-mm: $name passed" sh -c "echo '$(came_to kselftest-mm pass | tr '\n' ' ')' |
		grep -q '\b$name\b'"
done
finish
