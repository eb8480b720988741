#!/bin/sh
# The daemon and base trees: a published one that it fetches by itself, whose heads it
# tests; series of a list climb the ladder over two trees. The published tree moves, is
# made anew, vanishes and stalls.
# shellcheck source=tests/e2e/lib.sh disable=SC1091
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/e2e/daemon.sh disable=SC1091
. "$(dirname "$0")/daemon.sh"
begin daemon_trees
trap daemon_kill EXIT

# ---- helpers ----

# publish BRANCH: that branch of $T/toy becomes the published tree's main.
publish() {
	git -C "$T/toy" push -q -f "$T/pub.git" "$1:refs/heads/main"
}

commit_of() { # commit_of BRANCH
	git -C "$T/toy" rev-parse "$1"
}

# trees_ini POLICY [URL]: the published tree, fetched each second, and a maildir whose
# series are for it, then for the tree "old".
trees_ini() {
	cat "$T/plain.ini"
	printf '[tree pub]\nurl = %s\nfetch = 1s\nsilence = 2s\n' "${2:-file://$T/pub.git}"
	printf '[source local]\nkind = maildir\npath = %s/maildir\ninterval = 1s\nsince = 0\n' "$T"
	printf 'tree = pub\ntrees = old\nbase = %s\n' "$1"
}

reload() {
	loads=$(grep -c 'configuration of .* loaded' "$T/daemon.log")
	kill -HUP "$DAEMON"
	until_ok sh -c "[ \$(grep -c 'configuration of .* loaded' '$T/daemon.log') -gt $loads ]"
}

sql() {
	sqlite3 -readonly "$STATE/sluice.db" "$1"
}

tree_is() { # tree_is FILTER WANT
	[ "$(status ".trees[0] | $1")" = "$2" ]
}

head_tested() { # head_tested COMMIT
	[ "$(sql "SELECT state FROM series WHERE message_id = 'head-$1'")" = "done" ]
}

heads_done() { # how many jobs of heads there are
	sql "SELECT count(*) FROM job WHERE kind = 'head'"
}

# mail BRANCH FROM [TEXT]: FROM..BRANCH, posted with a cover letter that says TEXT; with
# NO_BLOBS set without index lines, with BASE set as base-commit.
mail() {
	rm -rf "${T:?}/$1"
	git -C "$T/toy" format-patch -q --cover-letter --thread \
		-o "$T/$1" "$2..$1"
	git -C "$T/toy" checkout -q base
	sed -i -e "1,/^Date: /s/^Date: .*/Date: $(date -R)/" -e "s/<cover\./<$1-cover./g" \
		-e "s/\*\*\* SUBJECT HERE \*\*\*/mm: $1/" \
		-e "s/\*\*\* BLURB HERE \*\*\*/${3:-Please apply.}/" "$T/$1"/*
	[ -z "${NO_BLOBS:-}" ] || sed -i '/^index [0-9a-f]*\.\./d' "$T/$1"/*
	[ -z "${BASE:-}" ] || sed -i "s/^-- \$/base-commit: $BASE\n&/" "$T/$1"/*0000*
	ID=$(sed -n 's/^Message-I[dD]: <\(.*\)>/\1/p' "$T/$1"/0000-*)
	cp "$T/$1"/* "$T/maildir/new/"
}

posting_is() { # posting_is MESSAGE-ID STATE
	[ "$(sql "SELECT state FROM posting WHERE message_id = '$1'")" = "$2" ]
}

# base_of MESSAGE-ID: "how tree commit" of its last test
base_of() {
	sql "SELECT base_how || ' ' || tree || ' ' || base_commit FROM series
		WHERE message_id = '$1' ORDER BY id DESC LIMIT 1"
}

# tested NAME MESSAGE-ID WANT: it was tested on that base.
tested() {
	check "$1: tested" until_ok posting_is "$2" "done"
	is "$1: its base" "$(base_of "$2")" "$3"
}

# ---- the world ----

toy_tree
# What series are made on is not what the trees show: blobs must be looked for.
git clone -q --bare "$T/toy" "$T/old.git"
sl tree add old "$T/old.git"
git init -q --bare -b main "$T/pub.git"
mkdir -p "$T/maildir/cur" "$T/maildir/new" "$T/maildir/tmp"
printf '[daemon]\nretry = 1s\n' >>"$T/config.ini"
cp "$T/config.ini" "$T/plain.ini"

series one
echo '/* one */' >>"$T/toy/mm/swap.c"
patch "mm: head one"
publish one
one=$(commit_of one)
git -C "$T/toy" checkout -q base

# ---- fetching ----

mv "$T/pub.git" "$T/later.git"
trees_ini "base-commit,blobs,good,head" >"$T/config.ini"
sed -i 's/^retry = 1s/retry = 1h/' "$T/config.ini"
check "the daemon starts" daemon_start
series early
say mm/swap.c "test-sleep-ms 11"
patch "mm/swap: early"
mail early base
early=$ID
waits_early() {
	[ "$(sql 'SELECT state || epoch || retries FROM job WHERE posting_id IS NOT NULL')" = queued00 ]
}
check "a series comes before its tree: it waits" until_ok waits_early
is "and says for what" "$(status '.queued[0].reason')" \
	'the tree "pub" has not been fetched yet; "sluice status" shows how that goes'
is "but not for when" "$(status '.queued[0].starts_in')" null
is "the document says that it never succeeded" \
	"$(status '.trees[0] | "\(has("succeeded")) \(.succeeded)"')" "true null"
sl submit --tree pub "$T"/early/*
is "who submits one is told so: exit 2" "$RC" 2
series rest
say mm/swap.c "test-sleep-ms 21"
patch "mm/swap: rest"
submit base..rest
check "it is in nobody's way" until_ok job_is "$JOB" "done"
check "nor was it begun" waits_early
mv "$T/later.git" "$T/pub.git"
trees_ini "base-commit,blobs,good,head" >"$T/config.ini"
reload
check "it makes the tree and fetches it" until_ok tree_is '"\(.name) \(.head) \(.error)"' \
	"pub $one null"
check "and tests its head" until_ok head_tested "$one"
is "which is a base without patches" "$(sql "SELECT patches || ' ' || subject || ' ' || base_how
	FROM series WHERE message_id = 'head-$one'")" "0 head of pub: mm: head one head"
is "with what the sources want" "$(sql "SELECT count(*) FROM step_boot b
	JOIN series s ON s.id = b.series_id WHERE s.message_id = 'head-$one'")" 2
sl status
check "status shows the tree" grep -q "^tree      pub (file://.*) at .*fetched .* ago, next" "$OUT"
is "tested once, however often it is fetched" "$(heads_done)" 1
check "then what waited for it" until_ok posting_is "$early" "done"
is "at its first try" "$(sql 'SELECT epoch || retries FROM job WHERE posting_id IS NOT NULL')" 10

# A head that does not pass is no good base.
series two
git -C "$T/toy" reset -q --hard one
say mm/rmap.c "test toy/beta fail"
patch "mm: head two"
publish two
two=$(commit_of two)
git -C "$T/toy" checkout -q base
check "the next head is tested, too" until_ok head_tested "$two"
is "a failure of a head is charged to nobody" "$(sql "SELECT group_concat(DISTINCT verdict)
	FROM verdict v JOIN series s ON s.id = v.series_id
	WHERE s.message_id = 'head-$two' AND test = 'toy/beta'")" "pre-existing"

sl show
check "and is not called clean" grep -q "fails *head of pub: mm: head two" "$OUT"

# ---- the ladder ----

NO_BLOBS=1
git -C "$T/toy" checkout -q -B alpha one
echo '/* alpha */' >>"$T/toy/mm/swap.c"
patch "mm/swap: alpha"
mail alpha one
tested "no hint: the last good commit" "$ID" "good pub $one"
sl show "$ID"
check "show tells what was tried before" grep -q "tried .*blobs: no index line names a blob" "$OUT"
sl show --json "$ID"
is "and so does JSON" "$(jq -r '.base.tried[0] | "\(.rung) \(.why_not)"' "$OUT")" \
	"blobs no index line names a blob"

git -C "$T/toy" checkout -q -B beta two
say mm/rmap.c "test-sleep-ms 2"
patch "mm/rmap: on two"
mail beta two
tested "the good one does not take it: the head" "$ID" "head pub $two"
sl show --json "$ID"
check "with the reason" grep -q 'patch 1 does not apply at mm/rmap.c' "$OUT"
is "what fails there is no fault of the series" "$(jq -r '[.verdicts[] |
	select(.test == "toy/beta") | .verdict] | unique | join(" ")' "$OUT")" "pre-existing"
NO_BLOBS=

series gamma
say mm/rmap.c "test-sleep-ms 3"
patch "mm/rmap: gamma"
mail gamma base
tested "blobs: as a commit of the history" "$ID" "blobs old $(commit_of base)"

series delta
say mm/rmap.c "test-sleep-ms 4"
patch "mm/rmap: delta"
BASE=$one
mail delta base
BASE=
tested "base-commit that takes it" "$ID" "base-commit pub $one"

series epsilon
say mm/swap.c "test-sleep-ms 5"
patch "mm/swap: epsilon"
BASE=0123456789abcdef0123456789abcdef01234567
mail epsilon base "sluice: base=nowhere"
BASE=
tested "a wish and a base-commit that are nowhere" "$ID" "blobs old $(commit_of base)"
sl show "$ID"
check "the wish is noted" grep -q 'tried *author, pub: there is no commit "nowhere"' "$OUT"
check "so is the base-commit" grep -q 'tried *base-commit, old at 0123456789ab: not in' "$OUT"

series zeta
say mm/rmap.c "test-sleep-ms 6"
patch "mm/rmap: zeta"
mail zeta base "sluice: tree=pub base=main~1"
tested "what its author asks for" "$ID" "author pub $one"
sl show "$ID"
check "is said to be so" grep -q 'as its cover letter asks' "$OUT"

series eta
say mm/swap.c "test-sleep-ms 7"
patch "mm/swap: eta"
mail eta base "sluice: tree=nosuch topology=nosuch config=toy,toy suite=nosuch"
check "what there is not does not stop it" until_ok posting_is "$ID" "done"
check "and is told in the log" grep -q 'tree=nosuch names nothing' "$T/daemon.log"
check "so is each of them" test "$(grep -c ': what its author asks for is not done: ' "$T/daemon.log")" -ge 4
is "it is tested as its source says" "$(sql "SELECT count(DISTINCT b.topology) FROM step_boot sb
	JOIN boot b ON b.id = sb.boot_id JOIN series s ON s.id = sb.series_id
	WHERE s.message_id = '$ID'")" 2

# ---- a head goes before those that wait for it ----

sl pause
series theta
say mm/swap.c "test-sleep-ms 8"
patch "mm/swap: theta"
mail theta base
check "a series waits" until_ok posting_is "$ID" queued
git -C "$T/toy" checkout -q -B three one
echo '/* three */' >>"$T/toy/mm/swap.c"
patch "mm: head three"
publish three
three=$(commit_of three)
check "the published branch is made anew: fetched" until_ok tree_is .head "$three"
git -C "$T/toy" checkout -q -B four three
echo '/* four */' >>"$T/toy/mm/swap.c"
patch "mm: head four"
publish four
four=$(commit_of four)
git -C "$T/toy" checkout -q base
check "and moves again" until_ok tree_is .head "$four"
is "one test of it waits, before the series" \
	"$(status '[.queued[] | .subject] | join(", ")')" "head of pub, [PATCH 0/1] mm: theta"
sl resume
check "the head" until_ok head_tested "$four"
check "and the series are tested" until_ok posting_is "$ID" "done"
is "in that order" "$(sql "SELECT kind FROM job ORDER BY turn DESC LIMIT 2" | tr '\n' ' ')" \
	"series head "
is "the one in between never" "$(sql "SELECT count(*) FROM series
	WHERE message_id = 'head-$three'")" 0

# ---- somebody is at the trees by hand ----

git -C "$T/toy" checkout -q -B five four
echo '/* five */' >>"$T/toy/mm/swap.c"
patch "mm: head five"
five=$(commit_of five)
git -C "$T/toy" checkout -q base
(
	flock 9
	publish five
	sleep 4
	status .trees[0].head >"$T/meanwhile"
) 9>"$STATE/trees.lock"
is "it begins no fetch beside one by hand" "$(cat "$T/meanwhile")" "$four"
check "but after it" until_ok tree_is .head "$five"
check "which is tested" until_ok head_tested "$five"
git -C "$T/toy" branch -q -f four five
four=$five

# ---- the other end ----

mv "$T/pub.git" "$T/gone.git"
failed_twice() {
	[ "$(status '.trees[0].failures')" -ge 2 ]
}
check "the published tree vanishes" until_ok failed_twice
sl status
check "status says so" grep -q 'tree  *pub .*failures, last good .*pub.git' "$OUT"
NO_BLOBS=1
git -C "$T/toy" checkout -q -B iota four
say mm/rmap.c "test-sleep-ms 9"
patch "mm/rmap: iota"
mail iota four
NO_BLOBS=
tested "what was fetched before is still there" "$ID" "good pub $four"

# It takes the connection, and says nothing.
cat >"$T/bin/git" <<-END
	#!/bin/sh
	case " \$* " in
	*" ls-remote "*) exec sleep 60 ;;
	esac
	exec git "\$@"
END
chmod 755 "$T/bin/git"
mv "$T/gone.git" "$T/pub.git"
trees_ini head | sed "s|^qemu = |git = $T/bin/git\n&|" >"$T/config.ini"
reload
stalls() {
	status '.trees[0].error' | grep -q 'nothing came for 2 s'
}
check "it stalls: given up" until_ok stalls
trees_ini head >"$T/config.ini"
reload
tree_is_well() {
	tree_is '"\(.failures) \(.error) \(.head)"' "0 null $four"
}
check "it is back: all is well" until_ok tree_is_well
NO_BLOBS=1
git -C "$T/toy" checkout -q -B kappa four
say mm/rmap.c "test-sleep-ms 10"
patch "mm/rmap: kappa"
mail kappa four
tested "the policy of the list counts" "$ID" "head pub $four"
is "the store is whole" "$(git --git-dir="$STATE/git" fsck --connectivity-only 2>&1 |
	grep -v -e dangling -e "^notice")" ""
daemon_stop
is "SIGTERM: exit 0" "$RC" 0
check "nothing is left running" nothing_runs
is "the database is sound" "$(sql 'PRAGMA integrity_check')" ok

finish
