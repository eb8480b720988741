#!/bin/sh
# A full disk at several sizes: sluice says so, charges nobody, and once there is
# room the same command comes to the right end. Needs a small file system: as
# root a tmpfs, else it is skipped.
# shellcheck source=tests/e2e/lib.sh disable=SC1091
. "$(dirname "$0")/lib.sh"
begin full_disk
mkdir -p "$STATE"
if ! mount -t tmpfs -o size=64m,mode=755 none "$STATE" 2>/dev/null; then
	skip "full disk" "cannot mount a tmpfs here"
	finish
fi
trap 'umount -l "$STATE"; rm -rf "$T"' EXIT
toy_tree
series full
say mm/rmap.c "test toy/beta fail"
patch "mm/rmap: break beta"
git -C "$T/toy" checkout -q base

used() {
	df -k --output=used "$STATE" | tail -n 1 | tr -d ' '
}

have=$(used)
full=0
for room in 8 64 256 1024 2048; do
	mount -o "remount,size=$((have + room))k" "$STATE"
	test_range full
	check "$room KiB of room: exit 3, or it was enough" test "$RC" = 3 -o "$RC" = 1
	[ ! -e "$T/json" ] || is "$room KiB of room: no verdict by accident" \
		"$(jget '[.verdicts[]? | select(.verdict == "introduced" and .test != "toy/beta")] | length')" 0
	if [ "$RC" != 1 ]; then
		full=$((full + 1))
		check "$room KiB of room: said in words" \
			grep -Eq "No space left on device|disk is full" "$OUT"
	fi
	have=$(used)
done
check "the disk was full at some size ($full of 5)" test "$full" -ge 1
mount -o remount,size=256m "$STATE"
test_range full
is "with room again: exit 1" "$RC" 1
is "with room again: the right verdict" "$(verdict toy/beta smp4)" "introduced 1 null"
sl show
is "with room again: the state is readable" "$RC" 0

finish
