#!/bin/sh
# Every way in which a patch can be good or bad, on the toy tree: what the
# verdict, the exit code and the text say.
# shellcheck source=tests/e2e/lib.sh disable=SC1091
. "$(dirname "$0")/lib.sh"
begin outcomes
toy_tree

series good
say mm/swap.c "boot ok"
patch "mm/swap: say so"
sed -i 's|^int migrate_page|/* Moves one page. */\nint migrate_page|' "$T/toy/mm/migrate.c"
patch "mm/migrate: a comment"
test_range good
is "good series: exit 0" "$RC" 0
is "good series: every verdict passes" \
	"$(jget '[.verdicts[] | select(.verdict != "pass")] | length')" 0
is "good series: two tests of three patches and the base" \
	"$(jget '.steps | length')" 3
check "good series: said in words" grep -q "breaks nothing" "$OUT"

series broken
say mm/rmap.c "test toy/beta fail"
patch "mm/rmap: break beta"
say mm/swap.c "boot ok"
patch "mm/swap: harmless"
test_range broken
is "introduced: exit 1" "$RC" 1
is "introduced: by patch 1, never repaired" "$(verdict toy/beta smp4)" "introduced 1 null"
is "introduced: the other tests pass" "$(verdict toy/alpha smp4)" "pass null null"
check "introduced: the text names the patch" grep -q "broken by patch 1  mm/rmap: break beta" "$OUT"
check "introduced: the text says what was expected" grep -q "expected 100, saw 0" "$OUT"
check "introduced: it was seen twice" \
	test "$(jget '[.verdicts[] | select(.test == "toy/beta")][0].failures')" -ge 2

series transient
say mm/rmap.c "test toy/beta fail"
patch "mm/rmap: break beta"
say mm/swap.c "boot ok"
patch "mm/swap: between"
unsay mm/rmap.c
patch "mm/rmap: repair beta"
test_range transient
is "transient: exit 1" "$RC" 1
is "transient: broken by 1, repaired by 3" "$(verdict toy/beta numa2)" "transient 1 3"
check "transient: the text names the repair" grep -q "repaired by patch 3  mm/rmap: repair beta" "$OUT"

series one-topology
say mm/rmap.c "test toy/gamma fail nodes 2"
patch "mm/rmap: break gamma on two nodes"
test_range one-topology
is "one topology: broken on numa2" "$(verdict toy/gamma numa2)" "introduced 1 null"
is "one topology: fine on smp4" "$(verdict toy/gamma smp4)" "pass null null"

series nobuild
printf 'int broken(void) { return nowhere; }\n' >>"$T/toy/mm/swap.c"
patch "mm/swap: does not compile"
git -C "$T/toy" revert --no-edit HEAD >/dev/null
test_range nobuild
is "build failure: exit 1" "$RC" 1
is "build failure: transient" "$(verdict_kind build)" "transient 1 2"
is "build failure: the step says fail" "$(jget '.steps[1].builds[0].status')" fail
is "build failure: no boot of it" "$(jget '[.steps[1].boots[] | select(.status != "skipped")] | length')" 0
check "build failure: the compiler's line is shown" grep -q "nowhere" "$OUT"

series tip-nobuild
say mm/swap.c "boot ok"
patch "mm/swap: harmless"
printf 'int broken(void) { return nowhere; }\n' >>"$T/toy/mm/rmap.c"
patch "mm/rmap: does not compile"
test_range tip-nobuild
is "no kernel of the tip: the build is charged" "$(verdict_kind build)" "introduced 2 null"
is "no kernel of the tip: its tests did not pass" \
	"$(verdict toy/alpha smp4)" "inconclusive null null"
check "no kernel of the tip: told once" test "$(grep -c "^  inconclusive" "$OUT")" = 0

series limit
cat >>"$T/toy/mm/Makefile" <<'END'
ifneq ($(filter vmlinux,$(MAKECMDGOALS)),)
ifdef TOY_IN_OUTPUT
ignored := $(shell head -c 200M /dev/zero | tail -n 1 | wc -c >/dev/null; echo "cc1: out of memory allocating 9 bytes after a total of 8 bytes" >&2)$(error gone)
endif
endif
END
patch "mm: needs much memory"
printf '[sandbox]\nprocess_memory = 256M\n' >>"$T/config.ini"
test_range limit
is "out of memory: the build fails" "$(verdict_kind build)" "introduced 1 null"
test_range limit
is "out of memory: taken over" "$(jget '.steps[1].builds[0].reused')" true
sed -i 's/^process_memory = .*/process_memory = 300M/' "$T/config.ini"
test_range limit
is "out of memory: built again when it may take more" "$(jget '.steps[1].builds[0].reused')" false
sed -i '/^\[sandbox\]/,$d' "$T/config.ini"

series hogs
cat >>"$T/toy/mm/Makefile" <<'END'
ifneq ($(filter vmlinux,$(MAKECMDGOALS)),)
ifdef TOY_IN_OUTPUT
ignored := $(shell for i in 1 2 3 4; do { head -c 120M /dev/zero; sleep 20; } | tail -n 1 & done; wait)
endif
endif
END
patch "mm: many that need some memory"
printf '[sandbox]\nbuild_memory = 300M\n' >>"$T/config.ini"
test_range hogs
is "together out of memory: the build fails" "$(verdict_kind build)" "introduced 1 null"
check "together out of memory: said so" grep -q "together went over the limit of 300 MiB" "$OUT"
test_range hogs
is "together out of memory: taken over" "$(jget '.steps[1].builds[0].reused')" true
sed -i 's/^build_memory = .*/build_memory = 320M/' "$T/config.ini"
test_range hogs
is "together out of memory: built again when they may take more" \
	"$(jget '.steps[1].builds[0].reused')" false
sed -i '/^\[sandbox\]/,$d' "$T/config.ini"

series jobs
cat >>"$T/toy/mm/Makefile" <<'END'
vmlinux: three-jobs
.PHONY: three-jobs
three-jobs:
	@echo ' $(MAKEFLAGS) ' | grep -q ' -j3 '
END
patch "mm: to be built by three jobs"
printf '[resources]\ncpus = 3\n' >>"$T/config.ini"
test_range jobs
is "resources.cpus: make keeps to it" "$RC" 0
sed -i '/^\[resources\]/,$d' "$T/config.ini"

series warning
printf 'static int unused_here;\n' >>"$T/toy/mm/swap.c"
patch "mm/swap: a warning"
sed -i 's|^int migrate_page|\nint migrate_page|' "$T/toy/mm/migrate.c"
patch "mm/migrate: an empty line"
test_range warning
is "warning: exit 0" "$RC" 0
check "warning: the line of its build says so" grep -Eq 'build +1 +toy +ok, 1 warning, ' "$OUT"
check "warning: no other build's does" sh -c "! grep -E 'build +(base|2) .*warning' '$OUT'"
is "warning: introduced by patch 1" "$(verdict_kind warning)" "introduced 1 null"
is "warning: named with its flag" "$(jget '.steps[1].builds[0].new_warnings[0].flag')" unused-variable
is "warning: not charged again" "$(jget '.steps[2].builds[0].new_warnings | length')" 0

series warning-after-loss
cp "$T/toy/mm/Makefile" "$T/makefile"
# shellcheck disable=SC2016 # for make
printf 'ifneq ($(filter vmlinux,$(MAKECMDGOALS)),)\n$(shell kill -KILL $$PPID)\nendif\n' \
	>>"$T/toy/mm/Makefile"
patch "mm: make is killed, as if from outside"
cp "$T/makefile" "$T/toy/mm/Makefile"
printf 'static int unused_here;\n' >>"$T/toy/mm/swap.c"
patch "mm/swap: a warning"
test_range warning-after-loss
is "warning after a lost build: exit 3" "$RC" 3
is "warning after a lost build: it could be either's" \
	"$(jget '[.verdicts[] | select(.kind == "warning") | .verdict, .from, .candidates]')" \
	'["introduced",2,[1,2]]'

# The first version did in one patch what the second does in two.
series warning-v1
sed -i 's|^int migrate_page|/* Why. */\nint migrate_page|' "$T/toy/mm/migrate.c"
printf 'static int unused_there;\n' >>"$T/toy/mm/swap.c"
patch "mm: a comment and a warning"
test_range warning-v1
series warning-v2
sed -i 's|^int migrate_page|/* Why. */\nint migrate_page|' "$T/toy/mm/migrate.c"
patch "mm/migrate: a comment"
printf 'static int unused_there;\n' >>"$T/toy/mm/swap.c"
patch "mm/swap: a warning"
test_range warning-v2
is "warning of a build taken over: reused" "$(jget '.steps[2].builds[0].reused')" true
is "warning of a build taken over: the steps are this series'" \
	"$(jget '[.verdicts[] | select(.kind == "warning") | .verdict, .from, .candidates]')" \
	'["introduced",2,[2]]'

series notbuilt
echo '/* more */' >>"$T/toy/drivers/toy/toy.c"
patch "drivers/toy: not in this config"
test_range notbuilt
is "not built: exit 0" "$RC" 0
is "not built: the file is named" "$(jget '.steps[1].builds[0].not_built | join(" ")')" drivers/toy/toy.c
check "not built: not tested is said" grep -q "not-tested" "$OUT"
test_range notbuilt
test_range notbuilt
is "not built: still known when it is taken over from what was taken over" \
	"$(jget '.steps[1].builds[0].not_built | join(" ")')" drivers/toy/toy.c

# A coin is tossed in each boot: whatever came of it, the verdict must be what the
# results say, and within a dozen tries one must come and go.
coin() {
	jget '[.steps[1].boots[] | {t: .topology, r: (.tests[] | select(.test == "toy/alpha") | .result)}] |
		group_by(.t) | map({t: .[0].t, bad: map(select(.r == "fail")) | length,
			good: map(select(.r == "pass")) | length}) |
		map("\(.t) " + if .bad == 0 then "pass" elif .good > 0 then "flaky"
			elif .bad > 1 then "introduced" else "inconclusive" end) | join(" ")'
}
told() {
	jget '[.verdicts[] | select(.test == "toy/alpha")] | sort_by(.topology) |
		map("\(.topology) \(.verdict)") | join(" ")'
}
try=0
wrong=""
seen=""
while [ "$try" -lt 12 ] && [ -z "$seen" ]; do
	try=$((try + 1))
	series "flaky$try"
	say mm/rmap.c "test toy/alpha flaky-50"
	# Another image each time, or its boots would be taken over.
	say mm/swap.c "sleep-ms $try"
	patch "mm/rmap: now and then, $try"
	test_range "flaky$try"
	[ "$(coin)" = "$(told)" ] || wrong="$wrong; saw $(coin), told $(told)"
	case $(told) in *flaky*) seen=$RC ;; esac
done
is "flaky: the verdict is what the boots showed" "$wrong" ""
if [ -n "$seen" ]; then
	is "flaky: after the base, so exit 1" "$seen" 1
else
	skip "flaky: exit 1" "the coin never came up both ways"
fi

series skip
say mm/rmap.c "test toy/alpha skip"
patch "mm/rmap: alpha cannot run"
test_range skip
is "skip: exit 0, no failure" "$RC" 0
is "skip: a test that no longer runs is inconclusive" \
	"$(verdict toy/alpha smp4)" "inconclusive null null"

series splat
say mm/rmap.c "test toy/beta splat"
patch "mm/rmap: a warning in the kernel log"
test_range splat
is "splat: exit 1" "$RC" 1
is "splat: charged to the patch and the test" "$(verdict toy/beta smp4)" "introduced 1 null"

series dies
say mm/rmap.c "test toy/beta dies"
patch "mm/rmap: beta is killed, then the guest dies"
test_range dies --topology smp4
is "death after a test: exit 1" "$RC" 1
is "death after a test: the test is charged with its own end" \
	"$(verdict toy/beta smp4)" "introduced 1 null"
is "death after a test: the boot is charged, too" "$(verdict_kind boot)" "introduced 1 null"
is "death after a test: what was not reached is run" "$(verdict toy/gamma smp4)" "pass null null"

series deadline
say mm/rmap.c "test toy/alpha timeout"
patch "mm/rmap: alpha takes long"
test_range deadline
is "timeout: charged" "$(verdict toy/alpha smp4)" "introduced 1 null"
sed -i 's/^deadline = 3s/deadline = 4s/' "$T/data/runners/suites/toy.ini"
before=$(calls boot)
test_range deadline
is "timeout: only what timed out is booted again with more time" \
	"$(jget '[.steps[].boots[] | .reused] | map(tostring) | join(" ")')" \
	"true true false false false false"
check "timeout: two boots, each repeated" test "$(calls boot)" = $((before + 4))

# The base is bad already.
git -C "$T/toy" checkout -q base
say mm/rmap.c "test toy/beta fail"
git -C "$T/toy" checkout -q -B badbase
git -C "$T/toy" commit -q -a -m "a base that has the bug"
say mm/swap.c "boot ok"
patch "mm/swap: innocent"
sl test --repo "$T/toy" --json "$T/json" "badbase~1..badbase"
is "pre-existing: exit 0" "$RC" 0
is "pre-existing: said so" "$(verdict toy/beta smp4)" "pre-existing 0 null"

# The base's kernel log is dirty already: in a test, and outside of all.
git -C "$T/toy" checkout -q base
say mm/rmap.c "test toy/beta splat"
say mm/rmap.c "boot warn"
git -C "$T/toy" checkout -q -B dirtybase
git -C "$T/toy" commit -q -a -m "a base that warns"
say mm/swap.c "note harmless"
patch "mm/swap: innocent"
sl test --repo "$T/toy" --json "$T/json" "dirtybase~1..dirtybase"
is "the base warns: exit 0" "$RC" 0
is "the base warns: told of the test" "$(verdict toy/beta smp4)" "pre-existing 0 null"
is "the base warns: told of the boot" "$(verdict_kind boot)" "pre-existing 0 null"
is "the base warns: with reason and run" \
	"$(jget '[.verdicts[] | select(.verdict == "pre-existing") |
		"\(.reason) \(.run != null) \(.evidence | length > 0)"] | unique | join("; ")')" \
	"the base has it too: WARNING: CPU: 0 PID: 77 at mm/stub.c:7 stub_warn+0x12/0x340 true true"

# Skips are evidence of nothing.
git -C "$T/toy" checkout -q base
say mm/rmap.c "test toy/beta skip"
git -C "$T/toy" checkout -q -B skipbase
git -C "$T/toy" commit -q -a -m "a base on which beta cannot run"
unsay mm/rmap.c
say mm/rmap.c "test toy/beta fail"
patch "mm/rmap: beta runs, and fails"
sl test --repo "$T/toy" --json "$T/json" "skipbase~1..skipbase"
is "skip, then fail: exit 0" "$RC" 0
is "skip, then fail: charged to nobody" "$(verdict toy/beta smp4)" "inconclusive 1 null"
check "skip, then fail: said so" grep -q "first seen at patch 1" "$OUT"
check "skip, then fail: not said to be broken" sh -c "! grep -q 'broken by' '$OUT'"
git -C "$T/toy" checkout -q base

series skip-between
say mm/rmap.c "test toy/beta fail"
patch "mm/rmap: break beta"
unsay mm/rmap.c
say mm/rmap.c "test toy/beta skip"
patch "mm/rmap: beta cannot run"
unsay mm/rmap.c
say mm/swap.c "note runs again"
patch "mm/rmap: beta can run"
test_range skip-between --topology smp4
is "fail, skip, pass: transient" "$(verdict toy/beta smp4)" "transient 1 3"
is "fail, skip, pass: either may have repaired it" \
	"$(jget '.verdicts[] | select(.test == "toy/beta") | .repairs')" "[2,3]"
check "fail, skip, pass: said so" grep -q "repaired by one of the patches 2, 3" "$OUT"

# The base is bad, a patch repairs it, a later one breaks it again.
git -C "$T/toy" checkout -q -B again badbase~1
unsay mm/rmap.c
patch "mm/rmap: repair beta"
say mm/rmap.c "test toy/beta fail"
patch "mm/rmap: break beta again"
sl test --repo "$T/toy" --json "$T/json" "badbase~1..again"
is "broken again: exit 1" "$RC" 1
is "broken again: charged, and so seen twice" "$(verdict toy/beta smp4)" "introduced 2 null"
git -C "$T/toy" checkout -q base

finish
