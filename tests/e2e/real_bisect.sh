#!/bin/sh
# sluice bisect on real kernels: thirty commits on Debian's linux 6.12, with a branch
# that is merged, some that do not build, and on the branch the one that breaks the
# migration of mlocked pages.
# shellcheck source=tests/e2e/lib.sh disable=SC1091
. "$(dirname "$0")/lib.sh"
real_world real_bisect
# shellcheck source=tests/e2e/plumbing.sh disable=SC1091
. "$(dirname "$0")/plumbing.sh"

brief_suite

# line N FILE: a commit that changes the image, and nothing that is tested.
line() {
	hist_append "$2" "const char sluice_$1[] = \"$1 $now\";"
	hist_commit "mm: a name, $1"
}

hist_begin
good=$hist_head
for n in 1 2 3 4 5; do line main_$n mm/madvise.c; done
fork=$hist_head
for n in 1 2 3; do line side_$n mm/mremap.c; done
sl example -o "$T/mbox" mlock
awk '/^From / { n++ } n == 4' "$T/mbox" >"$T/bug.patch"
hist_git apply --cached "$T/bug.patch"
hist_commit "mm/rmap: let small folios share a batch on migration"
bug=$hist_head
for n in 4 5; do line side_$n mm/mremap.c; done
side=$hist_head
hist_at "$fork"
for n in 6 7 8; do line main_$n mm/mprotect.c; done
# Three that do not build, and one that mends it.
hist_git cat-file blob :mm/mlock.c >"$T/mlock.c"
hist_append mm/mlock.c "int sluice_broken(void) { return nowhere; }"
hist_commit "mm: does not build"
for n in 9 10; do line main_$n mm/madvise.c; done
cp "$T/mlock.c" "$T/blob"
hist_put mm/mlock.c
hist_commit "mm: builds again"
for n in 11 12 13; do line main_$n mm/mprotect.c; done
# The merge takes the two files that the branch changed.
for file in mm/mremap.c mm/rmap.c; do
	hist_git cat-file blob "$side:$file" >"$T/blob"
	hist_put $file
done
hist_commit "Merge the branch" "$side"
for n in 14 15 16 17 18 19 20 21; do line main_$n mm/madvise.c; done
git --git-dir="$T/hist" update-ref refs/heads/main "$hist_head"
git --git-dir="$T/hist" symbolic-ref HEAD refs/heads/main
is "a history of thirty commits" \
	"$(git --git-dir="$T/hist" rev-list --count "$good..$hist_head")" 30

sl tree add "hist$now" "$T/hist"
is "is a tree" "$RC" 0
bisect() {
	sl bisect --tree "hist$now" --test brief/compaction --topology smp4 \
		--good "$good" --bad "$hist_head"
}
bisect
sed 's/^/# /' "$OUT"
is "bisected: exit 0" "$RC" 0
check "to the right commit" grep -q "^  $(echo "$bug" | cut -c 1-12) " "$OUT"
check "with runs before and after, and how sure" \
	grep -Eq "^brief/compaction on smp4: 0/[0-9]+ before, ([0-9]+)/\1 after, P (> )?0.99" "$OUT"
ran="^ *[0-9]*:[0-9]* *\(build\|boot\) "
check "which told each build and boot" grep -q "$ran" "$OUT"
bisect
is "again: exit 0" "$RC" 0
is "again: nothing is run" "$(grep "$ran" "$OUT")" ""
# The state is kept, the repository is not.
sl tree remove "hist$now"
is "tree remove: exit 0" "$RC" 0
finish
