#!/bin/sh
# Deep suites: run where they tell most, and narrowed to one patch where they fail.
# shellcheck source=tests/e2e/lib.sh disable=SC1091
. "$(dirname "$0")/lib.sh"
begin tiers
toy_tree
# shellcheck source=tests/e2e/tiers.sh disable=SC1091
. "$(dirname "$0")/tiers.sh"

six good
before=$(calls boot)
test_deep good
is "all good: exit 0" "$RC" 0
is "all good: deep at base and tip" "$(deep_steps)" "0 6"
is "all good: seven quick boots and two deep ones" "$(calls boot)" $((before + 9))
is "all good: a pass at both is a pass" "$(verdict toy-deep/zeta smp4)" "pass null null"
is "all good: every verdict passes" \
	"$(jget '[.verdicts[] | select(.verdict != "pass")] | length')" 0
is "all good: never in one boot with quick tests" \
	"$(jget '[.steps[].boots[] | [.tests[].test | split("/")[0]] | unique | join(" ")] | unique | join(", ")')" \
	"toy, toy-deep"
check "all good: the text shows what ran" grep -q "base toy at .*5 ok" "$OUT"
check "all good: and what did not is not missed" grep -q " 3 mm/swap: patch 3 of good .*  3 ok" "$OUT"
taken_over "all good" test_deep good
before=$(calls boot)
test_range good --topology smp4
is "without the deep suite: the quick boots are the same" "$RC $(calls boot)" "0 $before"
is "without the deep suite: no deep boot is shown" "$(deep_steps)" ""

for k in 1 4; do
	six "deep$k" "$k" say mm/rmap.c "test toy/zeta fail"
	test_deep "deep$k"
	is "deep failure by patch $k: exit 1" "$RC" 1
	is "deep failure by patch $k: exactly that one" "$(of toy test toy-deep/zeta)" \
		"introduced $k null [$k]"
	is "deep failure by patch $k: the other one passes" "$(of toy test toy-deep/eta)" \
		"pass null null null"
	check "deep failure by patch $k: found by halves ($(deep_steps))" \
		test "$(deep_steps | wc -w)" -le 5
	is "deep failure by patch $k: each bad step was seen twice" \
		"$(jget '.steps[] | [.boots[].tests[] | select(.test == "toy-deep/zeta" and .result == "fail")] |
			length | select(. > 0)' | sort -u)" 2
	check "deep failure by patch $k: said in words" \
		grep -q "broken by patch $k  mm/swap: patch $k of deep$k" "$OUT"
done
taken_over "deep failure" test_deep deep4

# Repaired before the tip: base and tip say nothing.
six hidden 2 say mm/rmap.c "test toy/zeta fail"
change 5 unsay mm/rmap.c
test_deep hidden
is "gone before the tip: nothing is looked for" "$RC $(deep_steps)" "0 0 6"
is "gone before the tip: a pass" "$(of toy test toy-deep/zeta)" "pass null null null"

# A quick failure names a patch: there, and just before, the deep tests are wanted.
six quick 3 say mm/rmap.c "test toy/beta fail"
change 5 unsay mm/rmap.c
test_deep quick
is "quick failure: exit 1" "$RC" 1
is "quick failure: charged as ever" "$(of toy test toy/beta)" "transient 3 5 [3]"
is "quick failure: deep at that step and its parent" "$(deep_steps)" "0 2 3 6"
is "quick failure: they pass" "$(of toy test toy-deep/zeta)" "pass null null null"

both() {
	say mm/rmap.c "test toy/beta fail"
	say mm/rmap.c "test toy/zeta fail"
}
six both 3 both
change 5 unsay mm/rmap.c
test_deep both
is "quick and deep failure: both are charged" "$(of toy test toy/beta), $(of toy test toy-deep/zeta)" \
	"transient 3 5 [3], transient 3 5 [3]"
check "quick and deep failure: what repaired it is narrowed, too ($(deep_steps))" \
	test "$(deep_steps)" = "0 2 3 4 5 6"
taken_over "quick and deep failure" test_deep both

six panic 5 say mm/rmap.c "boot panic"
test_deep panic
is "no kernel that boots at the tip: charged" "$(of toy boot)" "introduced 5 null [5]"
is "no kernel that boots at the tip: deep at the last that does" "$(deep_steps)" "0 4"
is "no kernel that boots at the tip: not a pass" "$(of toy test toy-deep/zeta)" \
	"inconclusive null null null"
is "no kernel that boots at the tip: the reason" \
	"$(jget '.verdicts[] | select(.test == "toy-deep/zeta") | .reason')" \
	"not run at the last step: its kernel does not come up"

# The deep boot itself, where the quick one is fine: known by what its tests leave.
six guest 4 say mm/rmap.c "test toy/zeta panic"
test_deep guest
is "panic in a deep test: that test" "$(of toy test toy-deep/zeta)" "introduced 4 null [4]"
is "panic in a deep test: those after it were run without it" "$(of toy test toy-deep/eta)" \
	"pass null null null"
is "panic in a deep test: the quick tests do not know" "$(of toy test toy/alpha)" \
	"pass null null null"

six skip 4 say mm/rmap.c "test toy/zeta skip"
test_deep skip
is "skipped at the tip: inconclusive, nothing narrowed" \
	"$RC $(of toy test toy-deep/zeta) $(deep_steps)" "0 inconclusive null null null 0 6"

# A base that does not come up is never looked at by the deep tier. What fails later is
# seen twice all the same.
git -C "$T/toy" checkout -q base
say mm/rmap.c "boot panic"
git -C "$T/toy" checkout -q -B deadbase
git -C "$T/toy" commit -q -a -m "a base that does not come up"
unsay mm/rmap.c
patch "mm/rmap: comes up"
say mm/swap.c "note two"
patch "mm/swap: harmless"
both
patch "mm/rmap: break beta and zeta"
say mm/swap.c "note four"
patch "mm/swap: harmless, too"
git -C "$T/toy" checkout -q base
test_dead() {
	sl test --repo "$T/toy" --json "$T/json" --topology smp4 --suite toy,toy-deep \
		deadbase~4..deadbase
}
test_dead
is "dead base: the quick test is charged" "$(of toy test toy/beta)" "introduced 3 null [3]"
is "dead base: deep where the quick test says, and at the tip" "$(deep_steps)" "2 3 4"
is "dead base: the deep test is charged" "$(of toy test toy-deep/zeta)" "introduced 3 null [3]"
taken_over "dead base" test_dead

# The quick boot of the tip is lost, the deep one is not: its program says otherwise.
printf '[suite]\ntier = deep\n[test theta]\nprogram = sturdy\ndeadline = 3s\n' \
	>"$T/data/runners/suites/sturdy.ini"
printf 'stub: boot ok\n' >"$T/guest/sturdy"
chmod 755 "$T/guest/sturdy"
six lost 6 say mm/rmap.c "boot die"
test_range lost --topology smp4 --suite toy,sturdy
is "quick boot lost: exit 3" "$RC" 3
is "quick boot lost: deep all the same" "$(of toy test sturdy/theta)" "pass null null null"
is "quick boot lost: its tests are" "$(of toy test toy/alpha)" "infra null null null"
check "quick boot lost: both are in the matrix" sh -c \
	"grep -A 1 ' 6 mm/swap: patch 6 of lost' '$OUT' | tr -s ' \n' ' ' | grep -q ' 1 ok 1 boot lost '"
sl show "$(jget .series.id | sed 's/^/s/')"
check "quick boot lost: sluice show says it, too" grep -q "1 boot lost" "$OUT"

# That of the base is lost: no reason to wait, nor to take the base for bad.
git -C "$T/toy" checkout -q base
say mm/rmap.c "boot die"
git -C "$T/toy" checkout -q -B lostbase
git -C "$T/toy" commit -q -a -m "a base whose quick boot is lost"
unsay mm/rmap.c
patch "mm/rmap: comes up"
say mm/swap.c "note harmless"
patch "mm/swap: harmless"
say mm/rmap.c "test sturdy fail"
patch "mm/rmap: break theta"
sl test --repo "$T/toy" --json "$T/json" --topology smp4 --suite toy,sturdy lostbase~3..lostbase
git -C "$T/toy" checkout -q base
is "base's quick boot lost: exit 1" "$RC" 1
is "base's quick boot lost: the deep failure is narrowed and charged" \
	"$(of toy test sturdy/theta)" "introduced 3 null [3]"
is "base's quick boot lost: and seen twice" \
	"$(jget '[.steps[3].boots[].tests[] | select(.test == "sturdy/theta" and .result == "fail")] | length')" 2
is "base's quick boot lost: its tests are lost" "$(of toy test toy/alpha)" "infra null null null"

printf 'topologies = numa2\n' | sed -i '1r /dev/stdin' "$T/data/runners/suites/toy-deep.ini"
test_range good --suite toy,toy-deep
is "a topology of its own: passes there" "$(verdict toy-deep/zeta numa2)" "pass null null"
is "a topology of its own: and is not known elsewhere" "$(verdict toy-deep/zeta smp4)" ""
sed -i '/^topologies/d' "$T/data/runners/suites/toy-deep.ini"

test_range good --topology smp4 --suite toy-deep
is "nothing but deep: base and tip" "$RC $(deep_steps)" "0 0 6"
is "nothing but deep: the boot is judged" "$(of toy boot)" "pass null null null"
is "nothing but deep: the steps between were not booted" \
	"$(jget '[.steps[3].boots[] | select(.topology == "smp4")]')" "[]"

finish
