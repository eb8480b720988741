#!/bin/sh
# kill -9 at 50 seeded moments, then the same command again: it comes to the same
# verdicts, finished work is kept (builds and boots are counted where the sandbox
# starts them), and nothing of the dead run lives on. CRASH_KILLS, CRASH_SEED.
# shellcheck source=tests/e2e/lib.sh disable=SC1091
. "$(dirname "$0")/lib.sh"
begin crash
toy_tree
kills=${CRASH_KILLS:-50}
seed=${CRASH_SEED:-1}

# crash_series N: four patches, beta broken by 2 and repaired by 4; unlike any other.
crash_series() {
	series "crash$1"
	say mm/swap.c "test-sleep-ms $((40 + $1))"
	patch "mm/swap: series $1"
	say mm/rmap.c "test toy/beta fail"
	patch "mm/rmap: break beta"
	printf '/* %s */\n' "$1" >>"$T/toy/lib/string.c"
	patch "lib: between"
	unsay mm/rmap.c
	patch "mm/rmap: repair beta"
	git -C "$T/toy" checkout -q base
}

# The verdicts without what differs between two series.
verdicts() {
	jget '[.verdicts[] | {kind, topology, test, verdict, from, until}] | sort' | sha256sum
}

# moment N: seconds from 0.02 to 1.3, the same for the same seed.
moment() {
	awk -v s="$seed" -v n="$1" 'BEGIN { srand(s * 1000 + n); printf "%.3f", 0.02 + rand() * 1.28 }'
}

# Waits until nothing of this test's state runs any more.
all_gone() {
	i=0
	while pgrep -f "$STATE" >/dev/null; do
		i=$((i + 1))
		[ "$i" -lt 100 ] || return 1
		sleep 0.1
	done
}

# What a run without any accident needs.
crash_series 0
before_builds=$(calls build)
before_boots=$(calls boot)
test_range crash0
is "without accident: exit 1" "$RC" 1
want=$(verdicts)
clean_builds=$(($(calls build) - before_builds))
clean_boots=$(($(calls boot) - before_boots))
echo "# a clean run takes $clean_builds builds and $clean_boots boots"

killed=0
number=0
left=0
wrong=""
costly=""
unreadable=""
while [ "$killed" -lt "$kills" ]; do
	number=$((number + 1))
	crash_series "$number"
	builds=$(calls build)
	boots=$(calls boot)
	here=0
	while [ "$killed" -lt "$kills" ]; do
		"$SLUICE" test --config-file "$T/config.ini" --repo "$T/toy" \
			"base..crash$number" >"$OUT" 2>&1 &
		pid=$!
		(
			sleep "$(moment $((killed + 1)))"
			kill -9 $pid 2>/dev/null
		) &
		killer=$!
		wait $pid 2>/dev/null
		rc=$?
		kill $killer 2>/dev/null
		wait $killer 2>/dev/null
		[ "$rc" = 137 ] || break
		killed=$((killed + 1))
		here=$((here + 1))
		all_gone || left=$((left + 1))
		sl show
		[ "$RC" = 0 ] || unreadable="$unreadable $killed"
	done
	test_range "crash$number"
	if [ "$RC" != 1 ] || [ "$(verdicts)" != "$want" ]; then
		wrong="$wrong $number"
		echo "# series $number after $here kills: exit $RC"
		jget '.verdicts[] | select(.verdict != "pass")' | sed 's/^/# /'
		head -n 20 "$OUT" | sed 's/^/# | /'
	fi
	# A kill costs what was under way: one build and at most two guests.
	if [ $(($(calls build) - builds)) -gt $((clean_builds + here)) ] ||
		[ $(($(calls boot) - boots)) -gt $((clean_boots + 2 * here)) ]; then
		costly="$costly $number"
	fi
done
echo "# $killed kills over $number series"
is "killed $kills times: nothing was left running" "$left" 0
is "the database was readable after each" "$unreadable" ""
is "each series came to the verdicts of an undisturbed run" "$wrong" ""
is "finished builds and boots were kept" "$costly" ""
check "no job folder is left" test -z "$(ls "$STATE/jobs")"

# A clean stop: what was asked to end says so and keeps what it has.
crash_series 99
builds=$(calls build)
boots=$(calls boot)
"$SLUICE" test --config-file "$T/config.ini" --repo "$T/toy" base..crash99 >"$OUT" 2>&1 &
pid=$!
# When something of its own is finished, and more is not.
i=0
until grep -q "^ *[0-9:]* *build *1 .* ok" "$OUT" || [ $i -ge 600 ]; do
	i=$((i + 1))
	sleep 0.05
done
kill -INT $pid
wait $pid
is "SIGINT: exit 3" "$?" 3
check "SIGINT: it says so" grep -q "interrupted; what is finished is kept" "$OUT"
check "SIGINT: nothing is left running" all_gone
check "SIGINT: not all was done" test $(($(calls boot) - boots)) -lt "$clean_boots"
test_range crash99
is "SIGINT, and the same again: exit 1" "$RC" 1
is "SIGINT, and the same again: the verdicts" "$(verdicts)" "$want"
is "SIGINT: the build that was finished is kept" "$(jget '.steps[1].builds[0].reused')" true
check "SIGINT: so is all else but what was under way" test \
	$(($(calls build) - builds)) -le $((clean_builds + 1)) -a \
	$(($(calls boot) - boots)) -le $((clean_boots + 2))

finish
