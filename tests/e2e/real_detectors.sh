#!/bin/sh
# Each detector seen to fire, on Debian's linux 6.12: the example series "detectors"
# makes the kernel misbehave in one way after the other, and each step is charged
# with its own, by the detector that is there for it. What becomes of a frame that
# breaks, or is about to, is for two tests of mlock-migrate to tell.
# shellcheck source=tests/e2e/lib.sh disable=SC1091
. "$(dirname "$0")/lib.sh"
real_world detectors
sed -i "s|^\[boot\]|suites_dir = $SLUICE_ROOT/tests/guest\n[boot]|" "$T/config.ini"
sl example -o "$T/mbox" detectors
is "example: written" "$RC" 0
sl test --topology up --suite detectors --json "$T/json" "$T/mbox"
sed 's/^/# /' "$OUT"
: >"$OUT"
is "exit 1, it breaks something" "$RC" 1
is "all patches applied" "$(jget '[.steps[].apply] | unique | join(" ")')" "base exact"
is "no boot was lost to trouble of ours" \
	"$(jget '[.steps[].boots[] | select(.status == "infra")] | length')" 0

# detector STEP TEST UNTIL STATUS RESULT REASON: the verdict, and in the step's
# first boot and its repeat the boot's status, and the result with its reason.
detector() {
	is "$2: charged to patch $1" "$(verdict "detectors/$2" up)" \
		"$([ "$3" = null ] && echo introduced || echo transient) $1 $3"
	jget ".steps[$1].boots[] | .status as \$s | .tests[] |
		select(.test == \"detectors/$2\" and .result != \"not-run\") |
		\"\\(\$s)|\\(.result)|\\(.reason)\"" >"$T/results"
	if [ "$(wc -l <"$T/results")" = 2 ] && ! grep -vqxE "$4\\|$5\\|$6" "$T/results"; then
		ok "$2: $4, $5, both times"
	else
		not_ok "$2: $4, $5, both times"
		sed 's/^/# got:  /' "$T/results"
		echo "# want: $4|$5|$6"
	fi
}

detector 1 warning 2 ok splat 'WARNING: .* at mm/mlock.c:[0-9]+ mlock_probe.*'
detector 2 oops 3 panic crash 'Kernel panic - not syncing: Fatal exception in test detectors/oops'
detector 3 panic 4 panic crash 'Kernel panic - not syncing: mlock: asked to panic in test detectors/panic'
detector 4 reset 5 reset crash 'guest reset itself \(triple fault or reboot\) in test detectors/reset'
detector 5 hung-task 6 ok timeout \
	'not done after 30\.[0-9] s; INFO: task detectors:[0-9]+ blocked for more than 2[0-9] seconds\.'
detector 6 soft-lockup 7 ok splat 'watchdog: BUG: soft lockup - CPU#0 stuck for [0-9]+s! \[detectors:[0-9]+\]'
detector 7 irqs-off 8 hang timeout 'watchdog: guest hung in test detectors/irqs-off'
detector 8 memory-failure 9 ok fail \
	'at-rest: expected SIGBUS with BUS_MCEERR_AR for the touched page, saw none.*'
detector 9 soft-offline null ok fail \
	'at-rest: expected the mlocked page in another frame and the old one out of use .*, saw Success, .*'
is "the oops is told, too" "$(jget '[.steps[2].boots[].tests[] | select(.test == "detectors/oops") |
	.splats[].title | select(test("BUG: kernel NULL pointer dereference"))] | length > 0')" true
is "nothing else is charged to any of them" \
	"$(jget '[.verdicts[] | select(.verdict != "pass" and .kind != "test")] | length')" 0
is "each step has one test that fails" \
	"$(jget '[.steps[] | [.boots[].tests[] | select(.result | test("splat|crash|timeout|fail")) |
		.test] | unique | length] | join(" ")')" "0 1 1 1 1 1 1 1 1 1"
finish
