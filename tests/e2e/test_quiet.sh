#!/bin/sh
# sluice quiet: boots a good kernel again and again, counts every failure, loses no
# boot, and goes on after kill -9. Whose kernel is wrong is told apart.
# shellcheck source=tests/e2e/lib.sh disable=SC1091
. "$(dirname "$0")/lib.sh"
begin quiet

printf '[suite]\ndescription = deep\n[test delta]\nprogram = toy\nargs = delta\n' \
	>"$T/data/runners/suites/toy-deep.ini"

# image ORDER...: a kernel for the stub, $T/image.
image() {
	for order in "$@"; do echo "stub: $order"; done >"$T/image"
}

# quiet N [OPTION...]: N boots of $T/image, three rounds of toy and one of toy-deep.
quiet() {
	quiet_n=$1
	shift
	sl quiet --image "$T/image" -n "$quiet_n" --topology smp4,numa2 \
		--suite 'toy*3,toy-deep' "$@"
}

# column CASE N: the Nth column of a case's line in the first table that has it.
column() {
	grep -F "| $1 " "$OUT" | head -n 1 | cut -d '|' -f $(($2 + 1)) | tr -d ' '
}

# kept: the folder of the last measurement.
kept() {
	sed -n 's/^kept in //p' "$OUT" | tail -n 1
}

# under_way N: N boots ended and one runs.
under_way() {
	i=0
	until [ "$(grep -c '^boot ' "$OUT")" -ge "$1" ] &&
		ls "$STATE"/quiet/*/boots/*.running >/dev/null 2>&1; do
		i=$((i + 1))
		[ "$i" -lt 400 ] || return 1
		sleep 0.05
	done
}

image "test-sleep-ms 1"
quiet 6 --figures
is "a good kernel: exit 0" "$RC" 0
is "boots are spread evenly" "$(grep -c '^boot .* smp4 ' "$OUT") $(grep -c '^boot .* numa2 ' "$OUT")" "3 3"
is "each round is counted" "$(column toy/alpha 2)" 18
is "the deep suite ran once a boot" "$(column toy-deep/delta 2)" 6
is "the boot itself is a case" "$(column '(the boot itself)' 2)" 6
is "nothing failed" "$(column toy/alpha 3)" 0
# 1 - 0.05^(1/18)
is "the bound of no failure in 18 rounds" "$(column toy/alpha 7)" "15.33%"
# 1 - 0.05^(1/6)
check "the bound as a whole" grep -q "boots with any: 0, at most 39.30 %" "$OUT"
check "it says how the bound is made" grep -q "Clopper-Pearson" "$OUT"
check "figures: a round of the suite on each topology" \
	test "$(grep -c '^| \(smp4\|numa2\) *| toy  *|' "$OUT")" = 2
boots=$(calls boot)
quiet 6
is "again: exit 0" "$RC" 0
is "again: nothing was booted" "$(calls boot)" "$boots"
is "again: the same count" "$(column toy/alpha 2)" 18
quiet 9
is "more: only what is missing was booted" "$(calls boot)" $((boots + 3))
is "more: all are counted" "$(column toy/alpha 2)" 27
quiet 0 --suite 'toy*2,toy-deep'
is "another plan starts anew" "$(column '(the boot itself)' 2)" 0

image "test toy/beta fail nodes 2"
quiet 4 --figures
is "one case fails on one topology: exit 1" "$RC" 1
is "its failures are counted" "$(column toy/beta 3)" 6
is "its rounds are counted" "$(column toy/beta 2)" 12
# Half of twelve: the root of the distribution function, not the closed form.
is "its bound comes by bisection" "$(column toy/beta 7)" "75.47%(b)"
is "the others did not fail" "$(column toy/alpha 3) $(column toy/gamma 3)" "0 0"
check "each failure is listed with boot, topology, round and reason" \
	test "$(grep -c '^- boot [0-9]* on numa2, round [1-3]: toy/beta: fail: .*expected 100, saw 0' "$OUT")" = 6
check "the failing line is shown" grep -q "^    not ok 1 toy/beta" "$OUT"
dir=$(sed -n 's/^    kept: //p' "$OUT" | head -n 1)
check "the console is kept where it says" grep -q "Linux version 0.0.0-stub" "$dir/console.log"
check "so is the whole result" jq -e '.tests | length == 10' "$dir/result.json"
check "nobody else's is" test "$(find "$(kept)/failed" -mindepth 1 -maxdepth 1 | wc -l)" = 2

# The kernel is wrong, and it is known: told apart, and not counted.
cat >"$T/data/runners/known-issues.ini" <<END
[toy/beta]
kernel = 0.0
topology = numa2
match = expected 100
reason = the toy counts wrong; mended in 0.1
expires = 2199-01-01
END
image "test toy/beta fail nodes 2"
quiet 4
is "a known issue: exit 0" "$RC" 0
is "a known issue: counted apart" "$(column toy/beta 3) $(column toy/beta 4)" "0 6"
check "a known issue: listed with its reason" \
	grep -q "^    known until 2199-01-01: the toy counts wrong; mended in 0.1" "$OUT"
image "test toy/beta fail"
quiet 2
is "a known issue elsewhere: exit 1" "$RC" 1
is "a known issue elsewhere: that one counts" "$(column toy/beta 3) $(column toy/beta 4)" "3 3"
sed -i 's/2199-01-01/2020-01-01/' "$T/data/runners/known-issues.ini"
quiet 2
is "an expired one: exit 1" "$RC" 1
check "an expired one complains" grep -q ":1: \[toy/beta\] expired on 2020-01-01" "$OUT"
is "an expired one: all count" "$(column toy/beta 3) $(column toy/beta 4)" "6 0"
sed -i '/^reason/d' "$T/data/runners/known-issues.ini"
quiet 2
is "one without a reason: exit 2" "$RC" 2
check "one without a reason is refused" grep -q ":1: \[toy/beta\]: no reason" "$OUT"
rm "$T/data/runners/known-issues.ini"

image "test toy/gamma panic"
quiet 2
is "a guest that dies in a test: exit 1" "$RC" 1
is "that test failed" "$(column toy/gamma 3)" 2
is "the boot itself did not" "$(column '(the boot itself)' 3)" 0
is "what was not reached is told" "$(column toy/alpha 6) $(column toy-deep/delta 6)" "4 2"
check "the boots are told as dead" grep -q "^0 ended at a deadline, 2 died otherwise" "$OUT"

image "boot warn"
quiet 2
is "a splat outside any test: exit 1" "$RC" 1
is "it is the boot's own failure" "$(column '(the boot itself)' 3)" 2

image "boot hang"
sed 's/^timeout = .*/timeout = 1s/' "$T/config.ini" >"$T/short.ini"
"$SLUICE" quiet --config-file "$T/short.ini" --image "$T/image" -n 2 --topology smp4,numa2 \
	--suite toy >"$OUT" 2>&1
is "a kernel that hangs: exit 1" "$?" 1
check "deadlines are told" grep -q "^2 ended at a deadline, 0 died otherwise" "$OUT"

image "test toy/alpha skip"
quiet 2
is "a skip: exit 0" "$RC" 0
is "a skip is no round and no pass" "$(column toy/alpha 2) $(column toy/alpha 5) $(column toy/alpha 7)" "0 6 -"

image "boot die"
quiet 6
is "boots lost to our own trouble: exit 3" "$RC" 3
check "they are told" test "$(grep -c '^- boot [0-9]* on .*: ' "$OUT")" = 3
check "they count for nothing" grep -q "^| (the boot itself) *| *0 " "$OUT"
check "why it stopped" grep -q "in a row were lost" "$OUT"

# Killed at once, and stopped by hand: the same command goes on and counts to N.
image "sleep-ms 600"
"$SLUICE" quiet --config-file "$T/config.ini" --image "$T/image" -n 6 --topology smp4,numa2 \
	--suite 'toy*3,toy-deep' >"$OUT" 2>&1 &
pid=$!
check "kill -9: a boot is under way" under_way 2
kill -9 $pid
wait $pid 2>/dev/null
i=0
while pgrep -f "$STATE" >/dev/null && [ "$i" -lt 100 ]; do
	i=$((i + 1))
	sleep 0.1
done
check "kill -9: nothing is left running" test "$i" -lt 100
# What the killed one said is not to be taken for this one's.
: >"$OUT"
"$SLUICE" quiet --config-file "$T/config.ini" --image "$T/image" -n 6 --topology smp4,numa2 \
	--suite 'toy*3,toy-deep' >"$OUT" 2>&1 &
pid=$!
check "stopped by hand: a boot is under way" under_way 1
kill -INT $pid
wait $pid
is "stopped by hand: exit 3" "$?" 3
check "stopped by hand: the report comes all the same" grep -q "^| toy/alpha" "$OUT"
quiet 6
is "and on: exit 0" "$RC" 0
is "and on: all boots are there" "$(column '(the boot itself)' 2)" 6
is "and on: those cut off are told" "$(grep -c '^- boot .* on .*: \(sluice was killed while it ran\|ended by us: .*\)$' "$OUT")" 2
check "and on: with their number" grep -q "besides, 2 lost and repeated" "$OUT"

# A record that cannot be stored: a folder is in its place.
image "sleep-ms 600" "test toy/beta fail nodes 2"
: >"$OUT"
"$SLUICE" quiet --config-file "$T/config.ini" --image "$T/image" -n 6 --topology smp4,numa2 \
	--suite 'toy*3,toy-deep' >"$OUT" 2>&1 &
pid=$!
check "no room for a record: a boot is under way" under_way 2
dir=$(sed -n 's/^image: boots are kept in //p' "$OUT")
mkdir "$dir/boots/00003.json"
wait $pid
is "no room for a record: exit 1, since something failed" "$?" 1
check "no room for a record: says why" grep -q "^sluice: write $dir/boots/00003.json: " "$OUT"
is "no room for a record: what was measured is reported" \
	"$(column toy/alpha 2) $(column toy/beta 3)" "6 3"
check "no room for a record: with what failed" grep -q "^- boot 2 on numa2, round 1: toy/beta: fail" "$OUT"
rmdir "$dir/boots/00003.json"
image "sleep-ms 600"
: >"$OUT"
"$SLUICE" quiet --config-file "$T/config.ini" --image "$T/image" -n 6 --topology smp4,numa2 \
	--suite toy-deep >"$OUT" 2>&1 &
pid=$!
check "no record, nothing failed: a boot is under way" under_way 1
dir=$(sed -n 's/^image: boots are kept in //p' "$OUT")
mkdir "$dir/boots/00002.json"
wait $pid
is "no record, nothing failed: exit 3" "$?" 3
is "no record, nothing failed: what was measured is reported" "$(column toy-deep/delta 2)" 1

image "sleep-ms 600"
quiet 6
echo '{' >"$(kept)/boots/00001.json"
quiet 6
check "a damaged record is told and made again" \
	grep -q "^- boot 1 on ?: its record cannot be read" "$OUT"
is "and its boot is made again" "$(column '(the boot itself)' 2)" 6

# Of a tree: its base is built as for a series.
toy_tree
builds=$(calls build) boots=$(calls boot)
sl quiet --tree toy -n 0 --topology smp4,numa2 --suite 'toy*3,toy-deep'
is "a tree, report only, nothing there: exit 2" "$RC" 2
check "a tree, report only, nothing there: said so" \
	grep -q "toy: no kernel of it was measured with the config toy" "$OUT"
is "a tree, report only: nothing was built or booted" "$(calls build) $(calls boot)" "$builds $boots"
sl quiet --tree toy -n 2 --topology smp4,numa2 --suite 'toy*3,toy-deep'
is "a tree: exit 0" "$RC" 0
is "a tree: both boots" "$(column '(the boot itself)' 2)" 2
builds=$(calls build)
sl quiet --tree toy -n 4 --topology smp4,numa2 --suite 'toy*3,toy-deep'
is "a tree again: nothing was built" "$(calls build)" "$builds"
is "a tree again: two more boots" "$(column '(the boot itself)' 2)" 4

# Of another config, with the first one's build beside it.
booted() {
	sed -n 's/.*(image \([0-9a-f]*\), .*/\1/p' "$OUT" | head -n 1
}
first=$(booted)
printf '# sluice: include=toy.config\nCONFIG_KSM=y\n' >"$T/data/kernels/configs/toy-ksm.config"
sl quiet --tree toy --config toy-ksm -n 2 --topology smp4,numa2 --suite 'toy*3,toy-deep'
is "a tree, another config: exit 0" "$RC" 0
is "a tree, another config: its kernel is built" "$(calls build)" $((builds + 2))
check "a tree, another config: and is the one that is booted" \
	sh -c "[ -n '$(booted)' ] && [ '$(booted)' != '$first' ]"
is "a tree, another config: its boots are counted apart" "$(column '(the boot itself)' 2)" 2
sl quiet --tree toy --config toy -n 0 --topology smp4,numa2 --suite 'toy*3,toy-deep'
is "and the first one again" "$(booted) $(column '(the boot itself)' 2)" "$first 4"

# Many rounds, long deadlines, a slow kernel: more than a day, on paper.
printf '[suite]\ndescription = long\n[test theta]\nprogram = toy\nargs = theta\ndeadline = 1h\n' \
	>"$T/data/runners/suites/toy-long.ini"
printf '# sluice: include=toy.config\n# sluice: slowdown=100\n' \
	>"$T/data/kernels/configs/toy-slow.config"
image "test-sleep-ms 1"
quiet 2 --config toy-slow --suite 'toy-long*20'
is "deadlines of weeks: exit 0" "$RC" 0
is "deadlines of weeks: all rounds" "$(column toy-long/theta 2)" 40

# To report, a tree that went on need not be built: what was measured is there.
say mm/swap.c "note goes on"
git -C "$T/toy" commit -q -a -m "toy: goes on"
builds=$(calls build) boots=$(calls boot) others=$(calls other)
sl quiet --tree toy -n 0 --topology smp4,numa2 --suite 'toy*3,toy-deep'
is "a tree, report only: exit 0" "$RC" 0
is "a tree, report only: what is kept" "$(column '(the boot itself)' 2)" 4
is "a tree, report only: nothing was built, booted or applied" \
	"$(calls build) $(calls boot) $(calls other)" "$builds $boots $others"
sl quiet --tree toy -n 0 --base base~1 --topology smp4,numa2 --suite 'toy*3,toy-deep'
is "a tree at a base, report only: the same kernel" "$(column '(the boot itself)' 2)" 4
sl quiet --tree toy -n 0 --base base --topology smp4,numa2 --suite 'toy*3,toy-deep'
is "a tree at another base, report only: not measured" "$RC" 2
sl quiet --tree toy -n 1 --topology smp4 --suite 'toy*3,toy-deep'
is "a tree that went on: built anew" "$RC $(column '(the boot itself)' 2)" "0 1"

quiet 2 --suite 'toy*3,nowhere'
is "a suite that is missing: exit 2" "$RC" 2
check "a suite that is missing: says which, and which there are" \
	grep -q '"nowhere".*toy' "$OUT"
quiet 2 --suite 'toy*300'
is "too much for one boot: exit 2" "$RC" 2
check "too much for one boot: says how much is not" grep -q "900 tests, at most 512" "$OUT"
quiet 2 --suite 'toy*x'
is "no number: exit 2" "$RC" 2
quiet many
is "no count: exit 2" "$RC" 2

finish
