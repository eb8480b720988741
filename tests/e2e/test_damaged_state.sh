#!/bin/sh
# What a careless hand or a failing disk does to the state folder between two
# runs: what can be made again is made again, nothing is charged to a patch.
# shellcheck source=tests/e2e/lib.sh disable=SC1091
. "$(dirname "$0")/lib.sh"
begin damaged
toy_tree

series damaged
say mm/rmap.c "test toy/beta fail"
patch "mm/rmap: break beta"
unsay mm/rmap.c
patch "mm/rmap: repair beta"
test_range damaged
is "undamaged: exit 1" "$RC" 1

# next_run NAME: with one more patch, so that something has to be built.
next_run() {
	git -C "$T/toy" checkout -q damaged
	say mm/swap.c "test-sleep-ms $PATCH"
	patch "mm/swap: $1"
	test_range damaged
	is "$1: exit 1" "$RC" 1
	is "$1: beta is transient" "$(verdict toy/beta smp4)" "transient 1 2"
	is "$1: nothing else is charged, or lost" \
		"$(jget '[.verdicts[] | select(.verdict != "pass") | .test] | unique | join(" ")')" \
		toy/beta
}

rm -rf "$STATE/src" "$STATE/out"
next_run "no src and out"

rm -rf "$STATE/artifacts"
next_run "no artifacts"

find "$STATE/artifacts" -type f -exec truncate -s 0 {} +
next_run "empty artifacts"

find "$STATE/artifacts" -type f | while read -r file; do
	truncate -s 20 "$file"
done
next_run "artifacts cut off"

find "$STATE/artifacts" -type f -name '*.zst' | while read -r file; do
	printf 'rubbish' >"$file"
done
next_run "rubbish for logs and warnings"

finish
