#!/bin/sh
# What is wrong in the kernel, by runners/known-issues.ini, is pre-existing with its
# reason and charged to no patch, even where the base happened to pass.
# shellcheck source=tests/e2e/lib.sh disable=SC1091
. "$(dirname "$0")/lib.sh"
begin known-issues
toy_tree

# known EXPIRES: toy/beta, by the version that the stub prints.
known() {
	cat >"$T/data/runners/known-issues.ini" <<-END
		[toy/beta]
		kernel = 0.0
		topology = numa2
		match = expected 100
		reason = the toy counts wrong; mended in 0.1
		expires = $1
	END
}

# reason TOPOLOGY: of the verdict on toy/beta there.
reason() {
	jget ".verdicts[] | select(.test == \"toy/beta\" and .topology == \"$1\") | .reason"
}

series broken
patch "mm/swap: innocent"
say mm/rmap.c "test toy/beta fail nodes 2"
patch "mm/rmap: brings what the kernel has anyway"
test_range broken
is "without an entry: charged" "$RC $(verdict toy/beta numa2)" "1 introduced 2 null"

known 2199-01-01
boots=$(calls boot)
test_range broken
is "with one: exit 0" "$RC" 0
is "with one: pre-existing, though the base passed" "$(verdict toy/beta numa2)" "pre-existing 2 null"
is "with one: the boots are those from before" "$(calls boot)" "$boots"
is "with one: reason, day and what was seen are told" "$(reason numa2)" \
	"known issue of the kernel (until 2199-01-01): the toy counts wrong; mended in 0.1 (toy/beta: expected 100, saw 0)"
check "with one: the run that shows it" test "$(jget '.verdicts[] |
	select(.test == "toy/beta" and .topology == "numa2") | .run')" -gt 0
is "with one: the same test elsewhere passes" "$(verdict toy/beta smp4)" "pass null null"
check "with one: the text says so" grep -q "known issue of the kernel" "$OUT"
check "with one: the matrix has it beside what passes" grep -q " 1 known" "$OUT"
check "with one: nothing of the matrix fails" sh -c "! grep -q 'FAIL beta' '$OUT'"

known_reason="known issue of the kernel (until 2199-01-01): the toy counts wrong; mended in 0.1"
is "with one: the run's test says so" "$(jget '[.steps[] | select(.step == 2) | .boots[] |
	select(.topology == "numa2") | .tests[] | select(.test == "toy/beta") | .known] | unique | join(" ")')" \
	"$known_reason"
is "with one: no other test does" "$(jget '[.steps[].boots[].tests[] | select(.known != null) | .test] |
	unique | join(" ")')" toy/beta
run=$(jget '.verdicts[] | select(.test == "toy/beta" and .topology == "numa2") | .run')
COLUMNS=300 sl show "$run"
check "with one: the run as text says so" grep -q "^  known  *toy/beta" "$OUT"
check "with one: the run as text says why" grep -qF "$known_reason" "$OUT"

series fresh
say mm/rmap.c "test toy/beta fail"
patch "mm/rmap: breaks beta everywhere"
boots=$(calls boot)
test_range fresh
is "more than what is known: exit 1" "$RC" 1
is "more than what is known: charged where it is not" "$(verdict toy/beta smp4)" "introduced 1 null"
is "more than what is known: not where it is" "$(verdict toy/beta numa2)" "pre-existing 1 null"
# Two of the step, and the repeat on smp4: what is known needs none.
is "more than what is known: repeated only where it counts" "$(calls boot)" $((boots + 3))

sed -i 's/^match = .*/match = saw 7/' "$T/data/runners/known-issues.ini"
test_range broken
is "another reason: charged" "$RC $(verdict toy/beta numa2)" "1 introduced 2 null"
known 2199-01-01
sed -i 's/^kernel = .*/kernel = 6.1..6.5/' "$T/data/runners/known-issues.ini"
test_range broken
is "another kernel: charged" "$RC $(verdict toy/beta numa2)" "1 introduced 2 null"

# The kernel is none of those any more, or was mended.
known 2199-01-01
series mended
patch "mm/swap: as innocent"
test_range mended
is "it does not show: still a pass" "$RC $(verdict toy/beta numa2)" "0 pass null null"
is "it does not show: told" "$(reason numa2)" \
	"known issue of the kernel (until 2199-01-01), which did not show: mended? Then its entry goes: the toy counts wrong; mended in 0.1"
check "it does not show: the text says so" grep -q "which did not" "$OUT"
is "it does not show: nothing of it elsewhere" "$(reason smp4)" null

known 2020-01-01
test_range broken
is "expired: charged" "$RC $(verdict toy/beta numa2)" "1 introduced 2 null"
check "expired: it complains" grep -q "\[toy/beta\] expired on 2020-01-01 and no longer counts" "$OUT"
sed -i '/^expires/d' "$T/data/runners/known-issues.ini"
test_range broken
is "without a day: exit 2" "$RC" 2
check "without a day: refused" grep -q ":1: \[toy/beta\]: no expires" "$OUT"

finish
