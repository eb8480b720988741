#!/bin/sh
# sluice bisect on the toy tree: a history with a merge, commits that do not build, a bug
# in the middle of it; killed and gone on; the user's word; and bad input.
# shellcheck source=tests/e2e/lib.sh disable=SC1091
. "$(dirname "$0")/lib.sh"
begin bisect
toy_tree

# main: base m1 m2 m3(does not build) merge m4(bug) m5 m6; side: s1 s2 from m1.
git -C "$T/toy" tag good
tagged m1
git -C "$T/toy" checkout -q -b side
printf '/* side */\n' >>"$T/toy/mm/migrate.c"
git -C "$T/toy" commit -q -a -m s1
printf '/* side again */\n' >>"$T/toy/mm/migrate.c"
git -C "$T/toy" commit -q -a -m s2
git -C "$T/toy" checkout -q base
tagged m2
printf 'int broken(void) { return nowhere; }\n' >>"$T/toy/mm/rmap.c"
tagged m3
git -C "$T/toy" checkout -q m2 -- mm/rmap.c
tagged m3-mended
git -C "$T/toy" merge -q --no-ff -m merge side >/dev/null
git -C "$T/toy" tag merge
say mm/rmap.c "test toy/beta fail nodes 2"
tagged m4
tagged m5
tagged m6
git -C "$T/toy" tag bad
m4=$(git -C "$T/toy" rev-parse m4)

bisect() {
	sl bisect --test toy/beta --topology numa2 --good good --bad bad "$@"
}

# said FILTER [FILE]: what the document of the last one says.
said() {
	jq -r "$1" "${2:-$T/json}"
}

# Bad input: told before anything is built.
sl bisect --test toy/beta --topology numa2 --good bad --bad good
is "the wrong way round: exit 2" "$RC" 2
check "the wrong way round: said" grep -q "wrong way round" "$OUT"
sl bisect --test toy/nothing --topology numa2 --good good --bad bad
is "no such test: exit 2" "$RC" 2
check "no such test: said" grep -q "no test toy/nothing" "$OUT"
sl bisect --test toy/beta --topology numa2 --good side --bad m2
is "no path: exit 2" "$RC" 2
check "no path: said" grep -q "no ancestor" "$OUT"
sl bisect --test toy/beta --topology numa2 --good nowhere --bad bad
is "no such commit: exit 2" "$RC" 2
sl bisect --test toy/beta --topology nowhere --good good --bad bad
is "no such topology: exit 2" "$RC" 2
sl bisect --test toy/beta --topology numa2 --config nowhere --good good --bad bad
is "no such config: exit 2" "$RC" 2
sl bisect --test beta --topology numa2 --good good --bad bad
is "a test without its suite: exit 2" "$RC" 2
sl bisect --test toy/beta --topology numa2 --tree nowhere --good good --bad bad
is "no such tree: exit 2" "$RC" 2
sl bisect --test toy/beta --topology numa2 --good good --bad good
is "the same commit twice: exit 2" "$RC" 2
check "the same commit twice: said" grep -q "are the same commit" "$OUT"
sl bisect --test toy/beta --topology numa2 --good good --bad nowhere --json "$T/json"
is "no such commit: exit 2 with a document" "$RC" 2
is "no such commit: it holds nothing else" "$(said 'keys | join(" ")')" "error schema"
is "no such commit: its schema" "$(said .schema)" sluice/bisection/1
check "no such commit: the same is said" grep -qF "$(said .error)" "$OUT"
sl bisect --test toy/beta --topology numa2 --good good
is "one end is missing: exit 2" "$RC" 2
sl bisect --id 1 --mark good --json "$T/json" m2
is "a mark has no document: exit 2" "$RC" 2
is "nothing was built for it" "$(calls build)" 0

# Killed in the middle.
"$SLUICE" bisect --config-file "$T/config.ini" --test toy/beta --topology numa2 \
	--good good --bad bad >"$OUT" 2>&1 &
pid=$!
tries=0
while [ "$(calls boot)" -lt 3 ] && [ $tries -lt 600 ] && kill -0 $pid 2>/dev/null; do
	sleep 0.1
	tries=$((tries + 1))
done
kill -9 $pid
wait $pid 2>/dev/null
before=$(calls boot)
check "it had booted something when it was killed" test "$before" -ge 3
sl bisect --id 1 --log --json "$T/json"
is "killed: its document says so" "$(said .bisection.state)" stopped
is "killed: and what it was to find out" "$(said '"\(.range.commits) \(.range.bad.subject)"')" \
	"$(git -C "$T/toy" rev-list --count good..bad) m6"

bisect --json "$T/json"
is "found: exit 0" "$RC" 0
check "found: the commit" grep -q "^  $(echo "$m4" | cut -c 1-12) \"m4\"" "$OUT"
check "found: runs before and after, and how sure" \
	grep -Eq "^toy/beta on numa2: 0/[0-9]+ before, ([0-9]+)/\1 after, P (> )?0.99" "$OUT"
check "commits are not called the tree's head" sh -c "! grep -q \"tree's head\\|head of\" '$OUT'"
check "each decision is told with its reason" grep -q "^next .*tells most for its cost" "$OUT"
check "it was confirmed" grep -q "^next .*to confirm" "$OUT"
check "that it does not revert cleanly is said" \
	grep -q "^not confirmed by a revert on .*: it does not revert cleanly: mm/swap.c" "$OUT"
is "found: only the good end was built from nothing" "$(sqlite3 -readonly "$STATE/sluice.db" \
	"SELECT count(*) FROM build WHERE NOT incremental")" 1
after=$(calls boot)

# The document says what the text says, and more.
said .bisection.outcome.text >"$T/text"
check "json: the text" sh -c "tail -n \$(wc -l <'$T/text') '$OUT' | cmp - '$T/text'"
is "json: the question" "$(said '.bisection | "\(.test) \(.topology) \(.config) \(.good) \(.bad)"')" \
	"toy/beta numa2 toy $(git -C "$T/toy" rev-parse good bad | tr '\n' ' ' | sed 's/ $//')"
is "json: the commit" "$(said '.bisection | "\(.state) \(.outcome.exit) \(.outcome.commits[0].commit)"')" \
	"found 0 $m4"
is "json: nothing went wrong" "$(said .error)" null
is "json: commits of the range" "$(said .range.commits)" \
	"$(sed -n 's/.*: \([0-9]*\) commits of toy$/\1/p' "$OUT" | head -n 1)"
check "json: the likeliest" grep -q "^$m4 true true$" - <<END
$(said '.likely[0] | "\(.commit) \(.p >= 0.99) \(.p <= 1)"')
END
is "json: runs and failures of it" "$(said '.commits[] | select(.subject == "m4") |
	"\(.result) \(.runs >= 3) \(.runs == .failures) \(.p_bad >= 0.99)"')" "ran true true true"
is "json: runs of the commits are those of the text" \
	"$(said '[.commits[] | select(.same_as == null)] | "\(map(.runs) | add) \(map(.failures) | add)"')" \
	"$(sed -n 's|^toy/beta on numa2: \([0-9]*\)/\([0-9]*\) before, \([0-9]*\)/\([0-9]*\) after.*|\2 \4 \1 \3|p' \
	"$T/text" | awk '{ print $1 + $2, $3 + $4 }')"
is "json: why it is not confirmed" "$(said '.bisection.outcome.revert.why | startswith("it does not revert")')" true
is "json: each commit that was chosen, and why" \
	"$(said '[.steps[].why] | (index("to verify an end") != null and index("to confirm") != null)')" true
is "json: what was chosen was looked at" \
	"$(said '[.commits[].commit] as $c | [.steps[] | select(.why != "to confirm by its revert").commit] - $c | length')" 0

bisect
is "again: exit 0" "$RC" 0
is "again: nothing is booted" "$(calls boot)" "$after"

bisect --log
is "log: exit 0" "$RC" 0
is "json: all decisions" "$(said '.steps | length')" "$(grep -c "^# [0-9]*\. " "$OUT")"
"$SLUICE" bisect --config-file "$T/config.ini" --id 1 --log --json - >"$T/log.json" 2>"$T/log.text"
check "log: the document alone is on standard output" jq -e '.schema == "sluice/bisection/1"' "$T/log.json"
check "log: the log is beside it" cmp "$T/log.text" "$OUT"
is "log: the document is the same" "$(said 'del(.bisection.ended)' "$T/log.json")" \
	"$(said 'del(.bisection.ended)')"
"$SLUICE" bisect --config-file "$T/config.ini" --json - >"$T/list.json" 2>/dev/null
is "list: as a document" "$(said '"\(.schema) \(.bisections[0].outcome.word)"' "$T/list.json")" \
	"sluice/bisections/1 found"
check "log: decisions of the run that was killed, too" grep -q "^# 1\. .*to verify an end" "$OUT"
cp "$OUT" "$T/replay"
git -C "$T/toy" checkout -q base
check "log: git bisect replay takes it" git -C "$T/toy" bisect replay "$T/replay"
check "log: and comes to the same" sh -c "git -C '$T/toy' bisect log | \
	grep -q '^# first bad commit: \[$m4\] m4'"
git -C "$T/toy" bisect reset >/dev/null 2>&1

# The user knows better: then m4 was good, and one of its children is to blame.
bisect --mark good m4
is "mark: exit 0" "$RC" 0
bisect
is "mark: exit 0 again" "$RC" 0
check "mark: the next one is named" grep -q '^  [0-9a-f]* "m5"' "$OUT"
bisect --log --json "$T/json"
is "mark: it is in the document" "$(said '.commits[] | select(.mark != null) | "\(.subject) \(.mark)"')" "m4 good"
bisect --mark bad m2
bisect
is "marks that contradict each other: exit 2" "$RC" 2
check "marks that contradict each other: said" grep -q "contradict" "$OUT"
bisect --mark good 0000
is "mark of no commit: exit 2" "$RC" 2

# What reverts cleanly is run without it. only FILE SUBJECT: no image of its own else.
only() {
	git -C "$T/toy" commit -q -m "$2" "$1"
	git -C "$T/toy" tag -f "$2" >/dev/null
}
git -C "$T/toy" checkout -q -B mends m3-mended
tagged r1
say mm/rmap.c "test toy/beta fail nodes 2"
only mm/rmap.c r2
tagged r3
tagged r4
sl bisect --test toy/beta --topology numa2 --good m3-mended --bad r4
is "revert: exit 0" "$RC" 0
check "revert: the commit" grep -q '^  [0-9a-f]* "r2"' "$OUT"
check "revert: it mends the bad end" grep -Eq "^reverting it on [0-9a-f]{12}: 0/[3-9] fail$" "$OUT"
check "revert: it is told before it runs" \
	grep -q "^next the revert of .*, 0/0 so far: to confirm by its revert" "$OUT"
p=$(sqlite3 "$STATE/sluice.db" "SELECT (outcome ->> '$.p') > (outcome ->> '$.revert.p_before')
	FROM bisection ORDER BY id DESC LIMIT 1")
is "revert: that makes it surer" "$p" 1
after=$(calls boot)
sl bisect --test toy/beta --topology numa2 --good m3-mended --bad r4
is "revert: again: nothing is booted" "$(calls boot)" "$after"
check "revert: again: it is still known" grep -Eq "^reverting it on [0-9a-f]{12}: 0/[3-9] fail$" "$OUT"

# A second cause: named is the first, and the revert does not help.
git -C "$T/toy" checkout -q -B twice r3
say mm/migrate.c "test toy/beta fail nodes 2"
only mm/migrate.c t1
sl bisect --test toy/beta --topology numa2 --good m3-mended --bad t1
is "a second cause: exit 0" "$RC" 0
check "a second cause: the first is named" grep -q '^  [0-9a-f]* "r2"' "$OUT"
check "a second cause: told" \
	grep -Eq "^reverting it on [0-9a-f]{12}: ([3-9])/\1 fail: something else breaks it, too$" "$OUT"

# Where it takes the bad end back to what was run before, its runs count once.
sl bisect --test toy/beta --topology numa2 --good m3-mended --bad r2
check "the bad end itself: its parent's kernel" \
	grep -Eq "^reverting it on [0-9a-f]{12} makes it the kernel of $(git -C "$T/toy" \
	rev-parse --short=12 r1): 0/[0-9]+ fail$" "$OUT"

# A merge that breaks what both sides had right.
git -C "$T/toy" checkout -q -B left r1
tagged l1
git -C "$T/toy" checkout -q -B right r1
printf '/* right */\n' >>"$T/toy/mm/migrate.c"
only mm/migrate.c x1
git -C "$T/toy" merge -q --no-commit left >/dev/null
say mm/rmap.c "test toy/beta fail nodes 2"
git -C "$T/toy" commit -q -a -m evil
sl bisect --test toy/beta --topology numa2 --good r1 --bad right
check "a merge is named" grep -q '^  [0-9a-f]* "evil"' "$OUT"
check "a merge is not reverted" grep -q "^not confirmed by .*: it is a merge, which is not tried" "$OUT"

# Both ends fail.
sl bisect --test toy/beta --topology numa2 --good m4 --bad bad --json "$T/json"
is "fails at both ends: exit 2" "$RC" 2
is "fails at both ends: in the document" "$(said .bisection.outcome.word)" good-fails
is "fails at both ends: with the error" "$(said '.bisection.outcome.text | split("\n")[0]')" "$(said .error)"
check "fails at both ends: said" grep -q "fails at the good end as well" "$OUT"
before=$(calls boot)
sl bisect --test toy/beta --topology numa2 --good m4 --bad bad
is "fails at both ends: what ran for it is kept" "$RC $(calls boot)" "2 $before"
# It does not fail at all.
sl bisect --test toy/alpha --topology numa2 --good m5 --bad bad
is "does not fail: exit 2" "$RC" 2
check "does not fail: said" grep -q "was not seen to fail" "$OUT"

# Nothing between can be run.
git -C "$T/toy" checkout -q -B unbuilt base
git -C "$T/toy" reset -q --hard m3-mended
printf 'int broken(void) { return nowhere; }\n' >>"$T/toy/mm/migrate.c"
tagged u1
tagged u2
git -C "$T/toy" checkout -q m3-mended -- mm/migrate.c
say mm/rmap.c "test toy/beta fail"
tagged u3
sl bisect --test toy/beta --topology numa2 --good m3-mended --bad u3 --json "$T/json"
is "none between builds: exit 2" "$RC" 2
check "none between builds: said" grep -q "none of the commits between can be run" "$OUT"
is "none between builds: in the document" \
	"$(said '[.commits[] | select(.result == "no-build").subject] | join(" ")')" "u1 u2"
finish
