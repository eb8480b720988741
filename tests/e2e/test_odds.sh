#!/bin/sh
# Tests that fail now and then, on the toy tree: who is charged, how sure that is, and
# what it costs. Guests toss coins, so what is asked is what must hold however they fall.
# shellcheck source=tests/e2e/lib.sh disable=SC1091
. "$(dirname "$0")/lib.sh"
begin odds
toy_tree
# One guest at a time: the wrapper below counts them.
sed -i 's/^\[boot\]/&\nparallel = 1/' "$T/config.ini"
sed -i 's/^repeats = once/repeats = sure\nbudget = 30m/' "$T/config.ini"

# budget DURATION: for repeats.
budget() {
	sed -i "s/^budget = .*/budget = $1/" "$T/config.ini"
}

# spoil N...: of the next boots those fail toy/alpha, whatever is in their kernel, or do
# what $spoilt says.
spoil() {
	cp "$T/bin/qemu" "$T/bin/qemu-spoilt"
	printf '\nstub: test %s\n' "${spoilt:-toy/alpha fail}" >>"$T/bin/qemu-spoilt"
	echo 0 >"$T/boots"
	echo " $* " >"$T/spoilt"
	chmod 666 "$T/boots"
	cp "$T/bin/bwrap" "$T/bin/bwrap-plain"
	cat >"$T/bin/bwrap" <<-END
		#!/bin/sh
		case " \$* " in
		*" $T/bin/qemu "*)
			n=\$((\$(cat "$T/boots") + 1))
			echo \$n >"$T/boots"
			if grep -q " \$n " "$T/spoilt"; then
				for arg; do
					shift
					case \$last in
					--ro-bind) [ "\$arg" != "$T/bin/qemu" ] || arg=$T/bin/qemu-spoilt ;;
					esac
					set -- "\$@" "\$arg"
					last=\$arg
				done
			fi
			;;
		esac
		exec "$T/bin/bwrap-plain" "\$@"
	END
}

unspoil() {
	mv "$T/bin/bwrap-plain" "$T/bin/bwrap"
}

# five NAME [K ORDER]: a series of five patches, each with an image of its own; patch K
# gives an order that lasts.
five() {
	series "$1"
	for k in 1 2 3 4 5; do
		say mm/swap.c "note $1 $k"
		[ "${2:-}" != "$k" ] || say mm/rmap.c "$3"
		patch "mm: patch $k of $1"
	done
}

# What is wrong with the verdicts on toy/alpha of a series whose patch 2 makes it flaky:
# a charge to another patch, or one without counts that add up, two runs and P.
wrong() {
	jget '[.verdicts[] | select(.test == "toy/alpha") |
		select(.verdict == "introduced" or .verdict == "transient") |
		select(.from != 2 or .candidates != [2] or .probability < 0.99 or
			.odds.bad.runs < 2 or .odds.before.runs < .odds.bad.runs / 4 or
			.odds.before.failures > 0 or
			.odds.before.runs + .odds.bad.runs + .odds.after.runs != .runs or
			.odds.bad.failures + .odds.after.failures != .failures)] | length'
}
charged() {
	jget '[.verdicts[] | select(.test == "toy/alpha" and .from == 2 and
		(.verdict == "introduced" or .verdict == "transient"))] | length'
}

five flaky 2 "test toy/alpha flaky-60"
test_range flaky
is "flaky from patch 2: nobody else is charged, and it is said how sure that is" "$(wrong)" 0
check "flaky from patch 2: charged" test "$(charged)" -gt 0
is "flaky from patch 2: exit 1" "$RC" 1
is "flaky from patch 2: the other tests pass" "$(verdict toy/beta smp4)" "pass null null"
check "flaky from patch 2: told with runs and P" \
	grep -Eq "failed: 0 of [0-9]+ runs before it, [0-9]+ of [0-9]+ with it, P (> )?0.99" "$OUT"
check "flaky from patch 2: the patch and the base have run alone" test "$(jget '
	[.steps[] | select(.step == 1 or .step == 2) |
		[.boots[] | select(.topology == "smp4" and .alone)] | length > 0] == [true, true]')" = true

said=$(jget '[.verdicts[] | {test, topology, verdict, from, runs, failures, probability}]')
before=$(calls boot)
test_range flaky
is "the same again: no boot" "$(($(calls boot) - before))" 0
is "the same again: the same verdicts" \
	"$(jget '[.verdicts[] | {test, topology, verdict, from, runs, failures, probability}]')" "$said"
budget 0
test_range flaky
is "what is known costs nothing: charged without a budget" \
	"$(jget '[.verdicts[] | {test, topology, verdict, from, runs, failures, probability}]')" "$said"

five poor 2 "test toy/alpha fail"
before=$(calls boot)
test_range poor
is "no budget: each patch is booted once on each topology" "$(($(calls boot) - before))" 10
is "no budget: inconclusive" "$(verdict toy/alpha smp4)" "inconclusive 2 null"
is "no budget: exit 0" "$RC" 0
check "no budget: said so" grep -q "not enough runs to be sure" "$OUT"
budget 30m
test_range poor --topology smp4
is "with a budget: charged" "$(verdict toy/alpha smp4)" "introduced 2 null"

# What patch 3 is to be held against cannot run again: there alpha ends the guest, in
# each boot of all tests, and beta ran once, in a boot of the rest. The step before tells.
series parked
say mm/swap.c "note parked 1"
patch "mm/swap: harmless"
say mm/migrate.c "test toy/alpha panic"
patch "mm/migrate: alpha ends the guest"
unsay mm/migrate.c
say mm/rmap.c "test toy/beta fail"
patch "mm/rmap: break beta, repair alpha"
say mm/swap.c "note parked 4"
patch "mm/swap: harmless, too"
test_range parked --topology smp4
is "the parent cannot tell: two patches are named" "$(jget '[.verdicts[] |
	select(.test == "toy/beta") | {verdict, candidates}]')" \
	'[{"verdict":"introduced","candidates":[2,3]}]'
check "the parent cannot tell: the step before it was run again" test "$(jget '[.steps[] |
	select(.step == 1) | .boots[] | select(.alone)] | length')" -gt 0
is "the parent cannot tell: what ends the guest is named as well" "$(jget '[.verdicts[] |
	select(.test == "toy/alpha") | {verdict, candidates, repairs}]')" \
	'[{"verdict":"transient","candidates":[2],"repairs":[3]}]'
is "the parent cannot tell: exit 1" "$RC" 1

# Beside alpha, which patch 2 breaks each time, beta fails in the first two boots of step 2
# and never again: by that patch, or by chance. The base has run before, so of the boots
# that are made the second and the sixth are those.
five beside 2 "test toy/alpha fail"
spoilt="toy/beta fail"
spoil 2 6
test_range beside --topology smp4
unspoil
unset spoilt
is "beside: both boots were of step 2" "$(jget '[.steps[] | .step as $step | .boots[] |
	select(any(.tests[]; .test == "toy/beta" and .result == "fail")) | $step] | join(" ")')" "2 2"
is "beside: the one that fails each time is charged" "$(verdict toy/alpha smp4)" \
	"introduced 2 null"
is "beside: the other one is left open" "$(verdict toy/beta smp4)" "inconclusive 2 null"
check "beside: it is said why" grep -q "no more runs: beside toy/alpha" "$OUT"
check "beside: that takes few boots ($(cat "$T/boots"))" test "$(cat "$T/boots")" -le 15

# Two topologies that disagree.
five disagree 3 "test toy/alpha fail nodes 2"
test_range disagree
is "on one topology: charged there" "$(verdict toy/alpha numa2)" "introduced 3 null"
check "on one topology: said where it passes" grep -q "passes on smp4" "$OUT"

# A boot that fails for nothing: once in a clean series.
five spurious
spoil 3
test_range spurious --topology smp4
unspoil
is "one failure by chance: exit 0" "$RC" 0
is "one failure by chance: it was one" \
	"$(jget '[.steps[].boots[].tests[] | select(.result == "fail")] | length')" 1
is "one failure by chance: nobody is charged" "$(jget '[.verdicts[] |
	select(.verdict == "introduced" or .verdict == "transient" or (.verdict == "flaky" and .from > 0))] |
	length')" 0
check "one failure by chance: it was tried again" test "$(cat "$T/boots")" -gt 6

# The base comes and goes.
git -C "$T/toy" checkout -q base
say mm/rmap.c "test toy/alpha flaky-40"
git -C "$T/toy" checkout -q -B flakybase
git -C "$T/toy" commit -q -a -m "a base that has the race"
git -C "$T/toy" checkout -q -B onflaky
for k in 1 2 3 4; do
	say mm/swap.c "note innocent $k"
	patch "mm/swap: innocent $k"
done
sl test --repo "$T/toy" --json "$T/json" "flakybase..onflaky"
is "a flaky base: exit 0" "$RC" 0
is "a flaky base: not charged to the series" "$(jget '[.verdicts[] |
	select(.test == "toy/alpha") | .verdict | select(. != "pre-existing" and
	. != "flaky" and . != "inconclusive" and . != "pass")] | length')" 0
git -C "$T/toy" checkout -q base

# Repeats that are lost.
five lost 2 "test toy/alpha fail"
cp "$T/bin/bwrap" "$T/bin/bwrap-plain"
echo 0 >"$T/boots"
chmod 666 "$T/boots"
cat >"$T/bin/bwrap" <<-END
	#!/bin/sh
	case " \$* " in
	*" $T/bin/qemu "*)
		n=\$((\$(cat "$T/boots") + 1))
		echo \$n >"$T/boots"
		[ \$n -le 5 ] || exit 1
		;;
	esac
	exec "$T/bin/bwrap-plain" "\$@"
END
test_range lost --topology smp4
unspoil
is "repeats are lost: exit 3" "$RC" 3
is "repeats are lost: nobody is charged" "$(verdict toy/alpha smp4)" "inconclusive 2 null"
check "repeats are lost: said so, and where" \
	grep -q "was lost to our own trouble 3 times in a row" "$OUT"
check "repeats are lost: it ended" test "$(cat "$T/boots")" -le 23

# Deep tests run at the base and at the tip alone. Where the tip passes when it is run
# again, it is run until that is known for a race, and the patch is found by halves.
# shellcheck source=tests/e2e/tiers.sh disable=SC1091
. "$(dirname "$0")/tiers.sh"
six deep 4 say mm/rmap.c "test toy/zeta fail"
spoilt="toy/zeta pass"
# The base was booted for the quick tests before: six quick ones, two deep, and the repeat.
spoil 9
test_deep deep
unspoil
is "a deep race: it passed once at the tip" "$(jget '[.steps[6].boots[].tests[] |
	select(.test == "toy-deep/zeta" and .result == "pass")] | length')" 1
is "a deep race: found by halves" "$(jget '[.verdicts[] |
	select(.test == "toy-deep/zeta") | {verdict, candidates}]')" \
	'[{"verdict":"introduced","candidates":[4]}]'
check "a deep race: not at every step ($(deep_steps))" test "$(deep_steps | wc -w)" -le 5
is "a deep race: exit 1" "$RC" 1
finish
