#!/bin/sh
# Deep kernel configs: built and booted where they tell most, and narrowed to one
# patch where their build or a test on them fails.
# shellcheck source=tests/e2e/lib.sh disable=SC1091
. "$(dirname "$0")/lib.sh"
begin tiers-config
toy_tree
# shellcheck source=tests/e2e/tiers.sh disable=SC1091
. "$(dirname "$0")/tiers.sh"

# The very first: its base is built when the sources are at the tip already, and what
# make goes by are time stamps.
six first 1 say mm/ksm.c "test toy/alpha fail"
test_debug first
is "a base that is built last: the patch is in the tip's kernel" \
	"$(of toy-debug test toy/alpha)" "introduced 1 null [1]"

six good
builds=$(calls build)
test_debug good
is "deep config: exit 0" "$RC" 0
is "deep config: built at base and tip" "$(debug_builds)" "0 6"
is "deep config: six builds of the other and one of it, the base was built" \
	"$(calls build)" $((builds + 7))
is "deep config: booted there" "$(debug_boots)" "0 6"
is "deep config: with the quick tests" "$(of toy-debug test toy/alpha)" "pass null null null"
is "deep config: the build passes" "$(of toy-debug build)" "pass null null null"
check "deep config: steps between are empty" grep -q " 3 mm/swap: patch 3 of good .*  3 ok *- *-" "$OUT"
run=$(jget '[.steps[6].boots[] | select(.config == "toy-debug")][0].run')
sl repro "$run"
check "deep config: its words are on the command line" grep -q "toy.debug=on" "$OUT"
check "deep config: its image is where its makefile puts it" \
	grep -qx 'VMLINUX=$work/out/arch/x86/boot/bzImage' "$OUT"
is "deep config: three times the deadline" \
	"$(grep -c 'sluice.plan=9000:/tests/toy:alpha,9000:/tests/toy:beta' "$OUT")" 1
check "deep config: the guest knows" grep -q "toy.debug=on sluice.slowdown=3 " "$OUT"
run=$(jget '[.steps[6].boots[] | select(.config == "toy")][0].run')
sl repro "$run"
is "the other config: without them" "$(grep -c "toy.debug=on\|slowdown" "$OUT")" 0
taken_over "deep config" test_debug good

six debug 2 say mm/ksm.c "test toy/alpha fail"
test_debug debug
is "only on the deep config: exit 1" "$RC" 1
is "only on the deep config: exactly patch 2" "$(of toy-debug test toy/alpha)" "introduced 2 null [2]"
is "only on the deep config: the other is fine" "$(of toy test toy/alpha)" "pass null null null"
is "only on the deep config: built where it was looked at" "$(debug_builds)" "0 1 2 3 6"
is "only on the deep config: and booted" "$(debug_boots)" "0 1 2 3 6"
taken_over "only on the deep config" test_debug debug

# Each of its builds is one from the base, whatever was looked at before.
if command -v python3 >/dev/null; then
	python3 - "$STATE/sluice.db" >"$T/chains" 2>&1 <<-'END'
		import sqlite3, sys
		rows = sqlite3.connect(sys.argv[1]).execute(
		    "SELECT chain FROM build WHERE config = 'toy-debug' AND incremental = 1")
		print(sorted({len(chain.split()) for (chain,) in rows}))
	END
	is "deep builds start at the base" "$(cat "$T/chains")" "[2]"
else
	skip "deep builds start at the base" "no python3 to look into the database with"
fi

breaks_ksm() {
	printf 'int broken(void) { return nowhere; }\n' >>"$T/toy/mm/ksm.c"
}
six nobuild 5 breaks_ksm
test_debug nobuild
is "does not build there: exit 1" "$RC" 1
is "does not build there: exactly patch 5" "$(of toy-debug build)" "introduced 5 null [5]"
is "does not build there: the other builds" "$(of toy build)" "pass null null null"
is "does not build there: booted at the last that does" "$(debug_boots)" "0 4"
is "does not build there: the tests did not pass" "$(of toy-debug test toy/alpha)" \
	"inconclusive null null null"
taken_over "does not build there" test_debug nobuild

six quick2 3 say mm/rmap.c "test toy/beta fail"
change 5 unsay mm/rmap.c
test_debug quick2
is "quick failure: charged on both, and both ends are found" \
	"$(of toy test toy/beta), $(of toy-debug test toy/beta)" \
	"transient 3 5 [3], transient 3 5 [3]"
is "quick failure: built there, before, and to find the repair" "$(debug_builds)" "0 2 3 4 5 6"

warns_ksm() {
	printf 'static int unused_here;\n' >>"$T/toy/mm/ksm.c"
}
six warning 3 warns_ksm
change 5 say mm/ksm.c "test toy/alpha fail"
test_debug warning
is "warning: told once, where it is known to be from" \
	"$(jget '[.verdicts[] | select(.kind == "warning") | .config, .verdict, .from, .candidates]')" \
	'["toy-debug","introduced",3,[1,2,3]]'
warning_id=$(jget .series.id)

notbuilt() {
	echo '/* more */' >>"$T/toy/drivers/toy/toy.c"
}
series leftout
notbuilt
patch "drivers/toy: in no config"
echo '/* more */' >>"$T/toy/mm/ksm.c"
patch "mm/ksm: in the deep one"
say mm/swap.c "note leftout"
patch "mm/swap: in both"
test_debug leftout
is "not compiled: by no config" \
	"$(jget '[.verdicts[] | select(.verdict == "not-tested") | .from]')" "[1]"
leftout_id=$(jget .series.id)
taken_over "not compiled" test_debug leftout
taken_over "not compiled, once more" test_debug leftout

# What an earlier run looked at, and this one does not, is gone.
debug_config '# sluice: slowdown=3'
test_debug good
is "made quick: built at every step" "$(debug_builds)" "0 1 2 3 4 5 6"
# The folders are only a cache, and the bases are built anew one after the other.
rm -rf "$STATE/out"
six refilled 1 say mm/ksm.c "test toy/alpha fail"
test_debug refilled
is "two configs without their folders: the patch is in both kernels" \
	"$(of toy-debug test toy/alpha)" "introduced 1 null [1]"
debug_config '# sluice: tier=deep'
test_debug good
is "made deep again: base and tip" "$(debug_builds)" "0 6"
is "made deep again: no boot of the steps between" "$(debug_boots)" "0 6"

# Killed again and again in the middle of it, it comes to the same with little more work.
kill_series() {
	six "$1" 4 say mm/ksm.c "test toy/alpha fail"
	change 6 say mm/ksm.c "test-sleep-ms 100"
	git -C "$T/toy" checkout -q base
}
kill_series whole
builds=$(calls build)
boots=$(calls boot)
test_debug whole
whole_builds=$(($(calls build) - builds))
whole_boots=$(($(calls boot) - boots))
kill_series killed
builds=$(calls build)
boots=$(calls boot)
kills=0
for n in 1 2 3 4 5 6; do
	"$SLUICE" test --config-file "$T/config.ini" --repo "$T/toy" --topology smp4 \
		--suite toy --config toy,toy-debug base..killed >"$OUT" 2>&1 &
	pid=$!
	i=0
	# The nth line on the deep config is the moment.
	while [ "$(grep -c "toy-debug\|deep:" "$OUT")" -lt $n ] && kill -0 $pid 2>/dev/null &&
		[ $i -lt 600 ]; do
		i=$((i + 1))
		sleep 0.05
	done
	kill -9 $pid 2>/dev/null && kills=$((kills + 1))
	wait $pid 2>/dev/null
done
check "killed at least three times in the deep tier ($kills)" test "$kills" -ge 3
test_debug killed
is "killed $kills times in the deep tier: the verdict" \
	"$RC $(of toy-debug test toy/alpha)" "1 introduced 4 null [4]"
check "killed $kills times in the deep tier: finished work is kept" test \
	$(($(calls build) - builds)) -le $((whole_builds + kills)) -a \
	$(($(calls boot) - boots)) -le $((whole_boots + 2 * kills))
taken_over "killed in the deep tier" test_debug killed

if command -v curl >/dev/null; then
	"$SLUICE" serve --config-file "$T/config.ini" --listen 127.0.0.1:0 >"$T/url" 2>&1 &
	server=$!
	i=0
	while [ ! -s "$T/url" ] && [ $i -lt 100 ]; do
		i=$((i + 1))
		sleep 0.1
	done
	url=$(sed -n 's/.*\(http:[^ ]*\).*/\1/p' "$T/url" | sed 's|/$||')
	curl -s -m 10 -o "$OUT" "$url/series/$warning_id"
	check "page: a warning of a deep config may be of any patch since the last build" \
		grep -q "One of patches 1 to 3, <code>mm/ksm.c" "$OUT"
	curl -s -m 10 -o "$OUT" "$url/series/$leftout_id"
	is "page: what is left out is told once for each config, where the patch is" \
		"$(grep -o "Patch [0-9], config [a-z-]*: <code>[a-z/.]*" "$OUT" | tr '\n' ';')" \
		"Patch 1, config toy: <code>drivers/toy/toy.c;Patch 2, config toy: <code>mm/ksm.c;"
	kill -INT $server
	wait $server
else
	skip "pages" "no curl"
fi

debug_config '# sluice: tier=slow'
test_debug good
is "no such tier: exit 2" "$RC" 2
check "no such tier: file and line are named" \
	grep -q 'toy-debug.config:2: tier "slow" is neither quick nor deep' "$OUT"

finish
