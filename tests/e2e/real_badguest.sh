#!/bin/sh
# Guest programs that misbehave (tests/guest/badguest), on Debian's linux 6.12:
# with one node and with two each ends as its own failure with its reason, and those
# between them, which look whether anything is left of the one before, run and pass.
# shellcheck source=tests/e2e/lib.sh disable=SC1091
. "$(dirname "$0")/lib.sh"
real_world badguest

# A suite of one's own, from the recipe, runs beside them.
mkdir "$T/suites"
sed "s|= \.\./\.\./|= $SLUICE_ROOT/|" "$SLUICE_ROOT/tests/guest/badguest.ini" \
	>"$T/suites/badguest.ini"
for f in resident.c mine.ini; do
	doc_block "Add a suite of your own" "${f##*.}" >"$T/suites/$f"
done
check "the recipe's program: builds" cc -static -O2 -o "$T/suites/resident" "$T/suites/resident.c"
sed -i "s|^\[boot\]|suites_dir = $T/suites\n[boot]|" "$T/config.ini"

comment_patch
sl test --topology smp4,numa2 --suite badguest,mine --json "$T/json" "$T/one.mbox"
sed 's/^/# /' "$OUT"
: >"$OUT"
is "exit 0: nothing of it is the patch's doing" "$RC" 0
is "no boot was lost to trouble of ours" \
	"$(jget '[.steps[].boots[] | select(.status == "infra")] | length')" 0
is "one patch, taken over" "$(jget '[.steps[1].boots[].reused] | unique | join(" ")')" true

# results TEST: what came of it in all boots that reached it: "result|reason".
results() {
	jget "[.steps[0].boots[].tests[] | select(.test == \"$1\" and .result != \"not-run\") |
		\"\\(.result)|\\(.reason)\"] | unique | .[]"
}

# expect TEST RESULT REASON: a pattern that each of its results matches.
expect() {
	results "badguest/$1" >"$T/results"
	if [ -s "$T/results" ] && ! grep -vqx "$2|$3" "$T/results"; then
		ok "$1: $2"
	else
		not_ok "$1: $2"
		sed 's/^/# got:  /' "$T/results"
		echo "# want: $2|$3"
	fi
}

expect signal crash 'killed by signal 11 (Segmentation fault)'
expect hang timeout 'not done after [0-9.]* s'
expect kill-all crash 'killed by signal 9 (Killed)'
expect closed-stdout timeout 'not done after [0-9.]* s'
expect orphans pass null
expect fork-bomb timeout 'not done after [0-9.]* s'
expect crowd timeout 'not done after [0-9.]* s'
expect fill-tmp fail 'fill-tmp: expected room, saw: No space left on device'
expect fill-shm pass null
expect fill-memory crash 'killed by the kernel, which had run out of memory'
expect fill-locked crash 'killed by the kernel, which had run out of memory'
expect garbage fail 'exit status 3: HELLO sluice 1'
expect fake-port fail 'wrote to the result port, lines: [0-9]*'
expect flood-port timeout 'not done after [0-9.]* s'
expect hang-up pass null
expect fake-kmsg splat 'BUG: badguest: not the kernel.s word'
expect flood-kmsg timeout 'not done after [0-9.]* s'
expect console pass null
expect wrong-plan fail 'expected 3 results, saw 2'
expect endless timeout 'not done after [0-9.]* s'
expect settings pass null
expect read-only pass null
expect limits pass null
expect devices pass null
expect disks pass null
expect huge-pages pass null
expect merged pass null
expect hierarchy pass null
expect offline-cpus pass null
expect crash crash 'Kernel panic - not syncing: sysrq triggered crash in test badguest/crash'
expect reboot crash 'guest reset itself (triple fault or reboot) in test badguest/reboot'
expect power-off crash 'guest powered off too early in test badguest/power-off'

tests=$(grep -c '^\[test ' "$T/suites/badguest.ini")
good=$(grep -c '^\[test good-' "$T/suites/badguest.ini")
is "all tests of the suite were looked at" "$((tests - good))" 32
for n in $(seq 0 $((good - 1))); do
	got=$(results "badguest/good-$n")
	[ "$got" = "pass|null" ] || echo "good-$n: $got"
done >"$T/bad-good"
is "good ones between them: all $good pass, in all boots" "$(cat "$T/bad-good")" ""
is "the recipe's test passes" "$(jget '[.steps[0].boots[].tests[] |
	select(.test == "mine/resident" and .result != "not-run") | .result] | unique | join(" ")')" pass
is "each that ended has its markers in the console" \
	"$(jget '[.steps[0].boots[] | .status as $s | .tests[] |
		select(.result != "not-run" and (.console_from == null or
			(.console_to == null and $s == "ok"))) | .test] | unique | join(" ")')" ""
is "only those that kill the guest end a boot" \
	"$(jget '[.steps[0].boots[].status] | unique | sort | join(" ")')" "no-result ok panic reset"
run=$(jget '[.steps[0].boots[] | select(.topology == "smp4" and any(.tests[]; .test == "badguest/offline-cpus" and
	.result == "pass")) | .run][0]')
sl log --test badguest/offline-cpus "$run"
check "the console of a test is that test's" grep -q "Booting Node 0 Processor 3" "$OUT"
is "and nothing but that test's" "$(grep -c "Linux version" "$OUT")" 0
finish
