#!/bin/sh
# What runs the tests counts them right: a test that skips, dies, stops before its plan
# or is not there never counts as passed. On made-up tests, in a folder of their own.
# shellcheck source=tests/e2e/lib.sh disable=SC1091
. "$(dirname "$0")/lib.sh"
begin harness
mkdir -p "$T/tests/unit" "$T/tests/e2e" "$T/build/tests"
cp "$SLUICE_ROOT"/tests/check.sh "$SLUICE_ROOT"/tests/count.sh "$SLUICE_ROOT"/tests/run-*.sh "$T/tests/"
printf '#!/bin/sh\n' >"$T/bin/make" # all is built
chmod 755 "$T/bin/make"

# made NAME LINE...: an end-to-end test; its last line is a command.
made() {
	made_to=$T/tests/e2e/test_$1.sh
	shift
	printf '#!/bin/sh\n' >"$made_to"
	printf '%s\n' "$@" >>"$made_to"
	chmod 755 "$made_to"
}

# program NAME LINE...: the same as a unit test.
program() {
	made "$@"
	mv "$T/tests/e2e/test_$1.sh" "$T/build/tests/test_$1"
	: >"$T/tests/unit/test_$1.c"
}

# run COMMAND...: its output in $OUT, exit status in RC.
run() {
	RC=0
	(cd "$T" && PATH="$T/bin:$PATH" CHECK_DEPS=0 CHECK_ONLY="unit e2e" "$@") >"$OUT" 2>&1 || RC=$?
}

last() {
	tail -n 1 "$OUT"
}

made good 'echo "ok 1 - a"; echo "ok 2 - b"; echo 1..2'
made partly 'echo "ok 1 - a"; echo "ok 2 - b # SKIP no b"; echo 1..2'
made wholly 'echo "ok 1 - a # SKIP no a"; echo 1..1'
made status 'echo "no a here"; exit 77'
run tests/run-e2e.sh
is "e2e: exit 0" "$RC" 0
is "e2e: what was skipped is told" "$(last)" \
	"e2e: 2 passed, skipped in part: test_partly, skipped: test_status test_wholly"
run tests/run-e2e.sh tests/e2e/test_typo.sh
is "e2e, a test that is not there: exit 1" "$RC" 1
is "e2e, a test that is not there: it failed" "$(last)" "e2e: 0 passed, failed: test_typo"

program all 'echo 1..2; echo "ok 1 - a"; echo "ok 2 - b"'
program some 'echo 1..2; echo "ok 1 - a"; echo "not ok 2 # SKIP b"'
run tests/run-unit.sh build/tests/test_all build/tests/test_some
is "unit: exit 0" "$RC" 0
is "unit: what was skipped is told" "$(last)" \
	"unit: all 2 programs passed, 1 tests skipped: test_some"
run tests/run-unit.sh
is "unit, no program at all: exit 1" "$RC" 1

# One whose source is gone is still in the build folder.
program gone 'echo 1..1; echo "ok 1 - a"'
rm "$T/tests/unit/test_gone.c"
run tests/check.sh
is "check: exit 0" "$RC" 0
is "check: counts each, those skipped apart" "$(last)" "6 passed, 0 failed, 4 skipped"

# Each bad end by itself, where all else is well.
rm -r "$T/tests/e2e" "$T/tests/unit"
mkdir "$T/tests/e2e" "$T/tests/unit"
bad_end() { # bad_end NAME WANT LINE...
	bad_name=$1
	bad_want=$2
	shift 2
	made end "$@"
	run tests/check.sh
	is "check, $bad_name: exit 1" "$RC" 1
	is "check, $bad_name: counted" "$(last)" "$bad_want"
	run tests/run-e2e.sh
	is "e2e, $bad_name: exit 1" "$RC" 1
	is "e2e, $bad_name: told" "$(last)" "e2e: 0 passed, failed: test_end"
}
program none 'echo 1..1; echo "ok 1 - a"'
bad_end "a failure" "2 passed, 1 failed, 0 skipped" \
	'echo "ok 1 - a"; echo "not ok 2 - b"; echo 1..2; exit 1'
bad_end "exit 0 before the plan" "2 passed, 1 failed, 0 skipped" 'echo "ok 1 - a"'
bad_end "no output" "1 passed, 1 failed, 0 skipped" 'exit 0'
bad_end "fewer than planned" "2 passed, 1 failed, 0 skipped" 'echo 1..2; echo "ok 1 - a"'
bad_end "it dies" "2 passed, 1 failed, 0 skipped" 'echo 1..1; echo "ok 1 - a"; kill -9 $$'
rm "$T/tests/e2e/test_end.sh" "$T/build/tests/test_none"
made good 'echo "ok 1 - a"; echo 1..1'
run tests/check.sh
is "check, a program that was not built: counted" "$(last)" "1 passed, 1 failed, 0 skipped"

finish
