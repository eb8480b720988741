#!/bin/sh
# Series as mails and as ranges: conflicts, refused patches, those applied
# already, holes, and input that is no series at all.
# shellcheck source=tests/e2e/lib.sh disable=SC1091
. "$(dirname "$0")/lib.sh"
begin series
toy_tree

# mbox BRANCH: the branch's patches as git format-patch writes them.
mbox() {
	rm -f "$T/mbox"
	git -C "$T/toy" format-patch -q --stdout "base..$1" >"$T/mbox"
	git -C "$T/toy" checkout -q base
}

test_mbox() {
	rm -f "$T/json"
	sl test --json "$T/json" "$@" "$T/mbox"
}

series three
say mm/swap.c "boot ok"
patch "mm/swap: one"
say mm/migrate.c "boot ok"
patch "mm/migrate: two"
say mm/rmap.c "test toy/alpha fail"
patch "mm/rmap: three"
mbox three
test_mbox
is "mbox: exit 1" "$RC" 1
is "mbox: patch 3 is charged" "$(verdict toy/alpha smp4)" "introduced 3 null"
is "mbox: all applied" "$(jget '[.steps[].apply] | join(" ")')" "base exact exact exact"
is "mbox: subjects as posted" "$(jget '.steps[2].subject')" "mm/migrate: two"
before=$(calls boot)
builds=$(calls build)

test_mbox
is "again: the same exit code" "$RC" 1
is "again: no boot" "$(calls boot)" "$before"
is "again: no build" "$(calls build)" "$builds"
is "again: all is said to be taken over" \
	"$(jget '[.steps[] | .builds[], .boots[] | .reused] | unique')" "[true]"
is "again: the runs that were made still count" \
	"$(jget '[.verdicts[] | select(.test == "toy/alpha") | .runs] | min >= 4')" true

test_range three
is "the range of the same commits builds nothing anew" "$(calls build)" "$builds"
is "the range: the same verdict" "$(verdict toy/alpha smp4)" "introduced 3 null"
is "the range: its base is where it starts" "$(jget '.base.how')" range
is "the range: message-id names the tip" \
	"$(jget '.series.message_id')" "git-$(git -C "$T/toy" rev-parse three)"

git -C "$T/toy" worktree add -q "$T/linked" three
sl test --repo "$T/linked" --json "$T/json" "base..HEAD"
is "a linked work tree: the same exit code" "$RC" 1
is "a linked work tree: its own HEAD" \
	"$(jget '.series.message_id')" "git-$(git -C "$T/toy" rev-parse three)"
git -C "$T/toy" worktree remove --force "$T/linked"

# What applying can write must not lead the next run outside.
mkdir "$T/outside"
for info in "$STATE"/series/*.git/objects/info; do
	rm -r "$info"
	ln -s "$T/outside" "$info"
done
mbox three
test_mbox
is "symlink in the series' repository: the same exit code" "$RC" 1
is "symlink in the series' repository: not followed" "$(ls "$T/outside")" ""

# Asked for other cells, those of before are none of this run's.
test_range three --topology numa2
is "another topology: only that is shown" "$(jget '[.steps[].boots[].topology] | unique | join(" ")')" numa2
is "another topology: the verdict's, too" "$(jget '[.verdicts[].topology // empty] | unique | join(" ")')" numa2
before=$(calls boot)
test_range three
is "both again: both are shown" "$(jget '[.steps[].boots[].topology] | unique | join(" ")')" "numa2 smp4"
is "both again: no boot" "$(calls boot)" "$before"

series conflict
say mm/swap.c "boot ok"
patch "mm/swap: one"
sed -i 's/refcount == 1/refcount == 2/' "$T/toy/mm/rmap.c"
git -C "$T/toy" commit -q -a -m "not posted"
sed -i 's/refcount == 2/refcount == 3/' "$T/toy/mm/rmap.c"
patch "mm/rmap: builds on what was not posted"
patch3=$(git -C "$T/toy" rev-parse HEAD)
git -C "$T/toy" checkout -q -B posted conflict~2
git -C "$T/toy" format-patch -q --stdout -1 HEAD >"$T/mbox1"
git -C "$T/toy" format-patch -q --stdout -1 "$patch3" >"$T/mbox2"
git -C "$T/toy" checkout -q base
sed 's/^Subject: \[PATCH\]/Subject: [PATCH 1\/2]/' "$T/mbox1" >"$T/mbox"
id=$(sed -n 's/^Message-I[dD]: //p' "$T/mbox" | head -n 1)
[ -n "$id" ] || {
	id="<one@example.org>"
	sed -i "0,/^From: /s//Message-Id: $id\nFrom: /" "$T/mbox"
}
sed 's/^Subject: \[PATCH\]/Subject: [PATCH 2\/2]/' "$T/mbox2" |
	sed "0,/^From: /s//Message-Id: <two@example.org>\nIn-Reply-To: $id\nReferences: $id\nFrom: /" >>"$T/mbox"
test_mbox
is "conflict: exit 1" "$RC" 1
is "conflict: at patch 2" "$(jget '[.steps[].apply] | join(" ")')" "base exact conflict"
is "conflict: the step before was tested" "$(jget '.steps[1].boots | length > 0')" true
check "conflict: the file is named" grep -q "mm/rmap.c" "$OUT"

series twice
sed -i 's/refcount == 1/refcount == 9/' "$T/toy/mm/rmap.c"
patch "mm/rmap: in the base already"
mbox twice
git -C "$T/toy" checkout -q -B ahead base
git -C "$T/toy" am -q "$T/mbox" >/dev/null
test_mbox --base ahead
is "already applied: exit 0" "$RC" 0
is "already applied: said so" "$(jget '.steps[1].apply')" already-applied
git -C "$T/toy" checkout -q base

series link
ln -s /etc/passwd "$T/toy/mm/link"
patch "mm: a symlink"
mbox link
test_mbox
is "symlink: exit 1" "$RC" 1
is "symlink: refused" "$(jget '.steps[1].apply')" refused
check "symlink: the reason is said" grep -q -i "symlink\|symbolic" "$OUT"

series version
say mm/swap.c "boot ok"
patch "mm/swap: version two"
git -C "$T/toy" format-patch -q -v2 --stdout base..version >"$T/mbox"
git -C "$T/toy" checkout -q base
test_mbox
is "v2: version" "$(jget '.series.version')" 2

# Input that is no series.
printf 'From: a@example.org\nSubject: hello\n\nno patch\n' >"$T/mbox"
test_mbox
is "no patch: exit 2" "$RC" 2
sl test "$T/nowhere.mbox"
is "no such file: exit 2" "$RC" 2
sl test --tree nowhere "$T/mbox"
is "no such tree: exit 2" "$RC" 2
check "no such tree: named" grep -q nowhere "$OUT"
sl test --repo "$T/toy" base..nowhere
is "no such range: exit 2" "$RC" 2
mbox three
test_mbox --base nowhere
is "no such base: exit 2" "$RC" 2
check "no such base: named" grep -q nowhere "$OUT"
sl test --repo "$T/toy" --base base base..three
is "a range with --base: exit 2" "$RC" 2
sl test --topology numa3 --repo "$T/toy" base..three
is "no such topology: exit 2" "$RC" 2
check "no such topology: named" grep -q numa3 "$OUT"
cp "$SLUICE_ROOT/tests/data/mail/hole.mbox" "$T/mbox"
test_mbox
is "hole: exit 2" "$RC" 2
check "hole: the missing patch is named" grep -q -i "missing" "$OUT"

finish
