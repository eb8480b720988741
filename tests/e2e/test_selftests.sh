#!/bin/sh
# Suites whose programs are the tree's own: built at each step, booted from it, and
# what does not build is told of the patch that broke it.
# shellcheck source=tests/e2e/lib.sh disable=SC1091
. "$(dirname "$0")/lib.sh"
begin selftests
SELF=tools/testing/selftests/mm

# suite NAME [LINE...]: one of the toy tree's selftests.
suite() {
	suite_name=$1
	shift
	{
		printf '[suite]\nselftests = nowhere mm\n'
		for line in "$@"; do echo "$line"; done
		printf '[test lock]\nprogram = toy_lock\nwith = vm.x=1\ndeadline = 3s\n'
		printf '[test moves]\nprogram = toy_moves\ndeadline = 3s\n'
		printf '[test none]\nprogram = toy_none\n'
	} >"$T/data/runners/suites/$suite_name.ini"
}

# say_self ORDER: a selftest gives an order to the stub.
say_self() {
	printf 'const char toy_order[] = "stub: %s";\n' "$1" >>"$T/toy/$SELF/toy_moves.c"
}

break_self() {
	echo 'int broken(void) { return nope; }' >>"$T/toy/$SELF/toy_moves.c"
}

mend_self() {
	git -C "$T/toy" show "base:$SELF/toy_moves.c" >"$T/toy/$SELF/toy_moves.c"
}

reason() {
	jget "[.verdicts[] | select(.test == \"$1\" and .topology == \"$2\") | .reason] | unique | join(\"; \")"
}

# boots_of STEP: the boots that stand for it.
boots_of() {
	jget "[.steps[$1].boots[].run] | unique | length"
}

suite self
suite selfdeep "tier = deep"
echo with >"$T/guest/with"
chmod 755 "$T/guest/with"
toy_tree

series breaks
say mm/rmap.c "test-sleep-ms 1"
patch "mm/rmap: nothing to do with selftests"
break_self
patch "selftests/mm: break toy_moves"
mend_self
patch "selftests/mm: mend toy_moves"
test_range breaks --suite toy,self
is "breaks: exit 1" "$RC" 1
is "breaks: charged to patch 2, until 3" "$(verdict self/moves smp4)" "transient 2 3"
check "breaks: says file, line and error" sh -c "echo '$(reason self/moves numa2)' |
	grep -q '^does not build: $SELF/toy_moves.c:[0-9]*: .*nope'"
is "breaks: the other program is fine" "$(verdict self/lock smp4)" "pass null null"
is "breaks: the suite beside it is fine" "$(verdict toy/beta numa2)" "pass null null"
is "breaks: no program of that name" "$(verdict self/none smp4)" "not-tested null null"
is "breaks: which is said" "$(reason self/none smp4)" "this tree has no $SELF/toy_none.c"
is "breaks: no boot again for what a compiler said" "$(boots_of 2)" 2
is "breaks: built of each tree; that of step 3 is that of step 1" "$(calls selftests)" 3
is "breaks: a patch of selftests is tested" "$(verdict_kind build)" ""

builds=$(calls build) boots=$(calls boot)
test_range breaks --suite toy,self
is "again: same verdict" "$(verdict self/moves smp4)" "transient 2 3"
is "again: nothing built" "$(calls build)" "$builds"
is "again: no selftests built" "$(calls selftests)" 3
is "again: nothing booted" "$(calls boot)" "$boots"

# The image stays, byte for byte.
series fails
say_self "test toy_moves fail"
patch "selftests/mm: toy_moves sees what is wrong"
boots=$(calls boot)
test_range fails --suite toy,self --topology smp4
is "fails: exit 1" "$RC" 1
is "fails: the image is the base's" "$(jget '[.steps[].builds[].image] | unique | length')" 1
is "fails: a new boot and its repeat" "$(calls boot)" $((boots + 2))
is "fails: charged" "$(verdict self/moves smp4)" "introduced 1 null"
test_range fails --suite toy --topology smp4
is "fails: without the suite it is the base's boot" "$(jget '.steps[1].boots[0].reused')" true
is "fails: and the patch is not tested" "$(verdict_kind build)" "not-tested 1 null"

series large
echo 'char blob[65 << 20] = { 1 };' >>"$T/toy/$SELF/toy_moves.c"
patch "selftests/mm: toy_moves is large"
test_range large --suite toy,self --topology smp4
is "large: exit 1" "$RC" 1
is "large: charged" "$(verdict self/moves smp4)" "introduced 1 null"
check "large: says how large" sh -c "echo '$(reason self/moves smp4)' |
	grep -q 'toy_moves has 65.* MiB, and a guest has room for 64.0 MiB of selftests'"
is "large: the others do not suffer" "$(verdict self/lock smp4)" "pass null null"

series removes
rm "$T/toy/$SELF/toy_moves.c"
patch "selftests/mm: remove toy_moves"
test_range removes --suite self --topology smp4
is "removes: exit 0" "$RC" 0
is "removes: not run at the last step" "$(verdict self/moves smp4)" "inconclusive null null"
is "removes: which is said" "$(reason self/moves smp4)" \
	"skipped at the last step: this tree has no $SELF/toy_moves.c"

# Deep ones: at the base, at the tip, and where they help to name a patch.
series deep
for i in 1 2 3 4 5 6; do
	say mm/rmap.c "test-sleep-ms $i"
	if [ "$i" = 4 ]; then say_self "test toy_moves fail"; fi
	patch "mm/rmap: step $i"
done
test_range deep --suite toy,selfdeep --topology smp4
is "deep: exit 1" "$RC" 1
is "deep: the patch is named" "$(verdict selfdeep/moves smp4)" "introduced 4 null"
is "deep: the rest passes" "$(verdict selfdeep/lock smp4)" "pass null null"
is "deep: looked at base, tip and by halves" "$(jget '[.steps[] | select([.boots[].tests[] |
	select(.test == "selfdeep/moves")] | length > 0) | .step] | join(" ")')" "0 3 4 6"
is "deep: each bad step was seen twice" "$(jget '.steps[] | [.boots[].tests[] |
	select(.test == "selfdeep/moves" and .result == "fail")] | length | select(. > 0)' | sort -u)" 2
is "deep: the second time with nothing else running" "$(jget '[.steps[].boots[] |
	select(.role == "confirm") | .alone] | unique | map(tostring) | join(" ")')" true
n=$(calls selftests)
test_range deep --suite toy,selfdeep --topology smp4
is "deep, again: the same" "$(verdict selfdeep/moves smp4)" "introduced 4 null"
is "deep, again: no selftests built" "$(calls selftests)" "$n"

# Our own trouble: the role dies, twice.
series lost
say mm/rmap.c "test-sleep-ms 7"
patch "mm/rmap: step 1"
sed "s,^case,case \" \$* \" in *' role selftests '*) echo lost >>$T/calls; exit 1 ;; esac\n&," \
	"$T/bin/bwrap" >"$T/bin/bwrap.lost"
cp "$T/bin/bwrap" "$T/bin/bwrap.good"
cat "$T/bin/bwrap.lost" >"$T/bin/bwrap"
test_range lost --suite toy,self --topology smp4
cat "$T/bin/bwrap.good" >"$T/bin/bwrap"
is "lost: exit 3" "$RC" 3
is "lost: charged to nobody" "$(verdict self/moves smp4)" "infra null null"
is "lost: the suite beside it is tested" "$(verdict toy/beta smp4)" "pass null null"
is "lost: tried twice" "$(calls lost)" 2
test_range lost --suite toy,self --topology smp4
is "lost, again: exit 0" "$RC" 0
is "lost, again: tested" "$(verdict self/moves smp4)" "pass null null"

# A base that is broken already.
git -C "$T/toy" checkout -q base
break_self
git -C "$T/toy" commit -q -a -m "base: a selftest that does not build"
series old
say mm/rmap.c "test-sleep-ms 8"
patch "mm/rmap: step 1"
mend_self
sed -i '/broken/d' "$T/toy/$SELF/toy_moves.c"
patch "selftests/mm: mend toy_moves"
test_range old --suite self --topology smp4
is "old: exit 0" "$RC" 0
is "old: was there before" "$(verdict self/moves smp4)" "pre-existing 0 2"
check "old: and is said" sh -c "echo '$(reason self/moves smp4)' | grep -q 'does not build'"

finish
