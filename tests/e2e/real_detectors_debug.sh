#!/bin/sh
# What the config mlock-debug is there for, seen to fire on Debian's linux 6.12: the
# example series "detectors-debug" makes a mistake a patch that the config mlock does
# not tell, and mlock-debug does. That is of the deep tier: it sees base and tip, where
# all of them are, and finds each one's patch by halves. And what it must not tell: the
# quick suite finds nothing on the good kernel with all of that looking on.
#
# The base of mlock-debug is built only once, too, and takes the longest of all: see
# docs/BENCHMARKS.md.
# shellcheck source=tests/e2e/lib.sh disable=SC1091
. "$(dirname "$0")/lib.sh"
real_world detectors_debug
sed -i "s|^\[boot\]|suites_dir = $SLUICE_ROOT/tests/guest\n[boot]|" "$T/config.ini"
sl example -o "$T/mbox" detectors-debug
is "example: written" "$RC" 0
sl test --config mlock,mlock-debug --topology up --suite detectors-debug --json "$T/json" \
	"$T/mbox"
sed 's/^/# /' "$OUT"
: >"$OUT"
is "exit 1, it breaks something" "$RC" 1
is "all patches applied" "$(jget '[.steps[].apply] | unique | join(" ")')" "base exact"
is "no boot was lost to trouble of ours" \
	"$(jget '[.steps[].boots[] | select(.status == "infra")] | length')" 0
is "mlock: every step is booted, and every test passes" \
	"$(jget '[.steps[].boots[] | select(.config == "mlock") |
		[.status, (.tests[] | .result)] | unique | join(" ")] | join(", ")')" \
	"ok pass, ok pass, ok pass, ok pass, ok pass"

# detector STEP TEST STATUS RESULT TITLE: on mlock-debug charged to the patch, with that
# splat, from there to the tip wherever it was looked at, and not before.
detector() {
	is "$2: charged to patch $1" \
		"$(jget "[.verdicts[] | select(.kind == \"test\" and .config == \"mlock-debug\" and
			.test == \"detectors-debug/$2\") |
			\"\\(.verdict) \\(.candidates) \\(.until)\"] | join(\"; \")")" \
		"introduced [$1] null"
	jget ".steps[] | .step as \$k | .boots[] | select(.config == \"mlock-debug\") |
		.status as \$s | .tests[] |
		select(.test == \"detectors-debug/$2\" and .result != \"not-run\") |
		\"\\(\$k) \\(\$s) \\(.result) \\(.splats[0].title)\"" |
		sort -u >"$T/results"
	grep "^[$1-4] " "$T/results" >"$T/after"
	grep -v "^[$1-4] " "$T/results" >"$T/before"
	if [ -s "$T/after" ] && ! grep -vqxE "[0-9] ($3) ($4) ($5)" "$T/after"; then
		ok "$2: $4 by its detector from patch $1 on"
	else
		not_ok "$2: $4 by its detector from patch $1 on"
		sed 's/^/# got:  /' "$T/after"
		echo "# want: $3 $4 $5"
	fi
	is "$2: passes before" "$(cut -d ' ' -f 3 "$T/before" | sort -u)" pass
}

detector 1 sleep 'ok|panic' splat \
	'BUG: sleeping function called from invalid context at mm/mlock.c:[0-9]+'
detector 2 inversion 'ok|panic' splat 'WARNING: possible circular locking dependency detected'
detector 3 use-after-free 'ok|panic' splat \
	'BUG: KASAN: slab-use-after-free in mlock_probe.*'
detector 4 tail-page panic crash 'kernel BUG at .*page-flags.h:[0-9]+!'
is "nothing else is charged to any of them" \
	"$(jget '[.verdicts[] | select(.verdict != "pass" and .kind != "test")] | length')" 0

comment_patch
sl test --config mlock-debug --topology smp4 --suite mlock-migrate --json "$T/json" \
	"$T/one.mbox"
sed 's/^/# /' "$OUT"
: >"$OUT"
is "quick suite, good kernel: exit 0" "$RC" 0
is "quick suite, good kernel: every boot ended well, and said nothing" \
	"$(jget '[.steps[].boots[] | .status, .splats[]?.title] | unique | join("; ")')" ok
# What is wrong in the kernel itself is listed in known-issues.ini.
is "quick suite, good kernel: each test passed in time, or said why not" \
	"$(jget '[.steps[0].boots[].tests[] | select(.result != "pass" and
		(.result != "skip" or (.reason // "") == "")) | "\(.test) \(.result)"] |
		unique | join("; ")')" "mlock-migrate/from-swap fail"
for name in compaction kinds-move residue thp race exit; do
	is "quick suite, good kernel: $name passed" "$(jget "[.steps[0].boots[] |
		.topology as \$t | .tests[] | select(.test == \"mlock-migrate/$name\" and
		.result == \"pass\") | \$t] | unique | join(\" \")")" smp4
done
is "quick suite, good kernel: nothing is charged to anybody" \
	"$(jget '[.verdicts[] | select(.verdict != "pass" and .verdict != "not-tested" and
		.test != "mlock-migrate/from-swap")] | length')" 0
finish
