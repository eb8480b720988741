#!/bin/sh
# ccache: filled by builds of a base, only read by builds of a step, and never a
# reason to take an output folder that was built without it.
# shellcheck source=tests/e2e/lib.sh disable=SC1091
. "$(dirname "$0")/lib.sh"
begin ccache
if ! command -v ccache >/dev/null; then
	skip "ccache" "it is not installed"
	finish
fi
toy_tree
printf '[build]\nccache_dir = %s/ccache\n' "$T" >>"$T/config.ini"

series one
say mm/swap.c "boot ok"
patch "mm/swap: say so"
git -C "$T/toy" format-patch -q --stdout base..one >"$T/one.mbox"
git -C "$T/toy" checkout -q base
# Where a range starts may be a stranger's commit: that does not fill it.
test_range one
find "$T/ccache" -type f -size +0 >"$T/range"
is "a range adds nothing" "$(cat "$T/range")" ""
rm -rf "$STATE/out" "$STATE/artifacts"
sl test --tree toy --json "$T/json" "$T/one.mbox"
is "with ccache: exit 0" "$RC" 0
is "with ccache: both steps build" "$(jget '[.steps[].builds[].status] | unique | join(" ")')" ok
find "$T/ccache" -type f -size +0 | sort >"$T/filled"
check "the base fills it" test -s "$T/filled"

series two
say mm/rmap.c "boot ok"
patch "mm/rmap: say so"
test_range two
is "second series: exit 0" "$RC" 0
is "second series: the base is taken over" "$(jget '.steps[0].builds[0].reused')" true
find "$T/ccache" -type f -size +0 | sort >"$T/after"
check "a step adds nothing" cmp "$T/filled" "$T/after"

sed -i '/ccache_dir/d' "$T/config.ini"
test_range two
is "without it: the base is built anew" "$(jget '.steps[0].builds[0].reused')" false
finish
