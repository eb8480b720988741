#!/bin/sh
# The commands themselves: help, mistakes, configuration, state folder, show,
# log, tree, and the man page.
# shellcheck source=tests/e2e/lib.sh disable=SC1091
. "$(dirname "$0")/lib.sh"
begin cli
toy_tree

"$SLUICE" help >"$T/help"
check "help: in 80 columns" test "$(wc -L <"$T/help")" -le 80
names=$(awk '/^Commands:/ { on = 1; next } /^$/ { on = 0 } on && /^  [a-z]/ { print $1 }' "$T/help")
check "help: names the commands" test "$(echo "$names" | wc -l)" -ge 20
for c in $names; do
	"$SLUICE" "$c" --help >"$OUT" 2>&1
	is "$c --help: exit 0" "$?" 0
	check "$c --help: says usage" grep -q "^usage: sluice $c\( \|\$\)" "$OUT"
	check "man page: $c is there" grep -q "^\.It Nm $c\( \|\$\)" "$SLUICE_ROOT/docs/sluice.1"
done
for words in help "help config" "test --help" "tree list --config-file $T/config.ini"; do
	# shellcheck disable=SC2086 # words
	"$SLUICE" $words >/dev/full 2>"$OUT"
	is "$words, onto a full disk: exit 3" "$?" 3
	check "$words, onto a full disk: says so" \
		grep -q "standard output: No space left on device" "$OUT"
done
# What would change nothing is refused: somebody meant something by it.
while read -r words; do
	# shellcheck disable=SC2086 # words
	"$SLUICE" $words >"$OUT" 2>&1
	is "$words: exit 2" "$?" 2
	check "$words: says where to look" grep -q '^See "sluice .* --help".$' "$OUT"
done <<END
show --json
log --build --test beta 17
log --config toy 17
log --config toy --build 17
quiet --image vmlinux --base base
quiet --image vmlinux --tree toy
help --ini
help --ini --mdoc config
help --mdoc test
help --ini test
help test show
help tree add list
tree list toy
bisect --tree toy
bisect --config toy
END
"$SLUICE" tst >"$OUT" 2>&1
is "unknown command: exit 2" "$?" 2
check "unknown command: did you mean" grep -q 'did you mean "test"' "$OUT"
"$SLUICE" test --topologie x >"$OUT" 2>&1
is "unknown option: exit 2" "$?" 2
check "unknown option: did you mean" grep -q 'did you mean --topology' "$OUT"
"$SLUICE" help config --ini >"$T/ini"
check "config.ini is as the table says" cmp "$T/ini" "$SLUICE_ROOT/config.ini"
"$SLUICE" help --mdoc >"$T/mdoc"
sed -n '/BEGIN commands/,/END commands/p' "$SLUICE_ROOT/docs/sluice.1" | sed '1d;$d' >"$T/man"
check "man page: commands as the tables say" cmp "$T/mdoc" "$T/man"
"$SLUICE" help config --mdoc >"$T/mdoc"
sed -n '/BEGIN config/,/END config/p' "$SLUICE_ROOT/docs/sluice.1" | sed '1d;$d' >"$T/man"
check "man page: config.ini as the table says" cmp "$T/mdoc" "$T/man"
if command -v mandoc >/dev/null; then
	check "man page: mandoc has no complaint" mandoc -Tlint -Wwarning "$SLUICE_ROOT/docs/sluice.1"
else
	skip "man page: mandoc has no complaint" "no mandoc"
fi

printf '[sluice]\ntopologie = up\n[boot]\naccel = xen\n' >"$T/bad.ini"
"$SLUICE" check-config --config-file "$T/bad.ini" >"$OUT" 2>&1
is "bad config: exit 2" "$?" 2
check "bad config: line and suggestion" \
	grep -q 'bad.ini:2: unknown key "topologie", did you mean "topology"?' "$OUT"
check "bad config: all complaints at once" grep -q 'bad.ini:4: accel' "$OUT"
mkdir -p "$T/planted" && printf '[sluice]\nplantedkey = 1\n' >"$T/planted/config.ini"
"$SLUICE" check-config --config-file "$T/planted/config.ini" >"$OUT" 2>&1
check "what is planted would be told" grep -q plantedkey "$OUT"
(cd "$T/planted" && "$SLUICE" check-config --state-dir "$STATE" >"$OUT" 2>&1)
check "config.ini of the current folder is not read" \
	sh -c "grep -q '^ok ' '$OUT' && ! grep -q plantedkey '$OUT'"
sl check-config
is "check-config: a good one" "$RC" 0
cp "$T/config.ini" "$T/plain.ini"
printf '[source mm]\nurl = https://lore.kernel.org/linux-mm\ntopology = smp4\n[source box]\nkind = maildir\npath = %s/box\nsuite = none\n' \
	"$T" >>"$T/config.ini"
sl check-config
is "check-config: sources that cannot be used" "$RC" 2
check "check-config: where a source is" grep -q "^ok  *source mm  *https://lore.kernel.org/linux-mm$" "$OUT"
check "check-config: what a source lacks" grep -q "^MISSING  *source box  *$T/box: No such file" "$OUT"
check "check-config: a suite that is not there" grep -q "^MISTAKE  *source box .*none" "$OUT"
cp "$T/plain.ini" "$T/config.ini"

# Trees: the state knows which there are.
sl check-config
check "check-config: the tree that is there" grep -q "^ok  *tree  *toy$" "$OUT"
sed -i 's/^tree = toy/tree = nosuch/' "$T/config.ini"
printf '[source mm]\nurl = https://lore.kernel.org/linux-mm\ntree = no1\ntrees = toy,no2,later\n[tree later]\n[tree far]\nurl = https://example.org/far.git\n' \
	>>"$T/config.ini"
sl check-config
is "check-config: trees that are not there yet: exit 0" "$RC" 0
is "check-config: each of them, and no other" \
	"$(sed -n 's/^warning  *\(.*[^ ]\)  *there is no tree "\(.*\)" yet; sluice tree add .* SOURCE makes it$/\1:\2/p' "$OUT" | tr '\n' ' ')" \
	"tree:nosuch source mm:no1 source mm:no2 "
check "check-config: a section of a tree that is not there" \
	grep -q "^warning  *tree later .*tree add later SOURCE makes it" "$OUT"
check "check-config: one that is fetched" \
	grep -q "^ok  *tree far  *https://example.org/far.git$" "$OUT"
sl check-config --state-dir "$T/fresh"
is "check-config: before anything was added: exit 0" "$RC" 0
check "check-config: makes nothing" test ! -e "$T/fresh"
cp "$T/plain.ini" "$T/config.ini"
printf '[tree toy]\nbranch = base\n' >>"$T/config.ini"
sl check-config
is "check-config: a branch of a local repository: exit 2" "$RC" 2
check "check-config: says what the daemon would" \
	grep -q "^MISTAKE  *tree toy  *$T/toy is looked at, not fetched: branch does not go with it" "$OUT"
mv "$T/plain.ini" "$T/config.ini"

# ---- nothing was done yet ----

fresh() { # fresh CODE TEXT COMMAND...: beside a state folder that is not there
	want=$1
	text=$2
	shift 2
	sl "$@" --state-dir "$T/fresh"
	is "a fresh state folder, $*: exit $want" "$RC" "$want"
	check "a fresh state folder, $*: says so" grep -q "$text" "$OUT"
}
fresh 0 "no tree yet in $T/fresh. Add one: sluice tree add" tree list
fresh 3 "No daemon runs on $T/fresh" status
fresh 0 "^0 queued" queue
fresh 0 "No series was tested yet in $T/fresh" show
fresh 2 'no series "s1"' show s1
fresh 2 'no run "17"' log 17
fresh 0 "Nothing was bisected yet" bisect
fresh 0 "nothing to drop" clean --dry-run
check "a fresh state folder is not made by looking" test ! -e "$T/fresh"

# ---- example ----

mkdir -p "$T/data/kernels/examples/tiny" "$T/data/kernels/examples/other"
printf 'Subject: mm: an example\n\nOf one patch.\n' \
	>"$T/data/kernels/examples/tiny/0-cover.edit"
printf 'Subject: mm/swap: count twice\n\nFor once.\n\n@@ mm/swap.c in void lru_add(\n-\tpage->refcount++;\n+\tpage->refcount += 2;\n' \
	>"$T/data/kernels/examples/tiny/1-swap.edit"
sl example tiny
is "example without -o: exit 2" "$RC" 2
sl example -o "$T/tiny.mbox" tiny
is "example: exit 0" "$RC" 0
(cd "$T" && "$SLUICE" example --config-file "$T/config.ini" -o - tiny >"$T/tiny.out" 2>"$OUT")
is "example -o -: exit 0" "$?" 0
check "example -o -: the mails, and nothing else" cmp "$T/tiny.out" "$T/tiny.mbox"
check "example -o -: no file of that name" test ! -e "$T/-"
sl example -o "$T/none.mbox" nosuch
is "no such example: exit 2" "$RC" 2
check "no such example: its name, and those there are" \
	grep -q 'no example "nosuch", but other, tiny$' "$OUT"

sl tree list
check "tree list: toy is there" grep -q "^toy .*$T/toy" "$OUT"
sl tree add no/name "$T/toy"
is "tree add: a name that is none" "$RC" 2
sl tree add other "$T/nowhere"
is "tree add: a source that is none" "$RC" 2
check "tree add: names the source" grep -q nowhere "$OUT"

sl show
is "show without a series: exit 0" "$RC" 0
series one
say mm/rmap.c "test toy/beta fail"
patch "mm/rmap: break beta"
test_range one
run=$(jget '[.steps[1].boots[] | select(.reused | not) | .run][0]')
sl show
check "show: lists the series" grep -q "s1 .*breaks" "$OUT"
sl show "$(jget .series.message_id)"
check "show SERIES by message-id" grep -q "broken by patch 1" "$OUT"
sl show s1
check "show SERIES by number" grep -q "broken by patch 1" "$OUT"
sl show "base..one"
check "show SERIES by what was tested" grep -q "broken by patch 1" "$OUT"
sl show --json s1
check "show --json: the same document" \
	sh -c "jq -e '.verdicts == input.verdicts' '$OUT' '$T/json'"
sl show "$run"
check "show RUN: the failing test" grep -q "fail .*toy/beta .*expected 100, saw 0" "$OUT"
COLUMNS=60 sl show "$run"
check "show RUN, narrow: a reason has a line of its own" \
	grep -q "^            toy/beta: expected 100, saw 0$" "$OUT"
sl log "$run"
check "log RUN: the console" grep -q "Linux version 0.0.0-stub" "$OUT"
sl log --test beta "$run"
check "log --test: only that test" grep -q "not ok 1 toy/beta" "$OUT"
sl log --build "$run"
check "log --build RUN: make's output" grep -q "LD .*vmlinux" "$OUT"
sl log --build s1 0
check "log --build SERIES STEP" grep -q "CC .*mm/rmap.o" "$OUT"
sl log 4711
is "log of no run: exit 2" "$RC" 2
sl repro "$run"
is "repro: exit 0" "$RC" 0
check "repro: is shell" sh -n "$OUT"
check "repro: the whole kernel, by hand" grep -q "sluice.plan=" "$OUT"
cp "$OUT" "$T/repro.sh"
# Pasted into a shell: the source out of git, a whole build, the guest by hand.
(cd "$T" && sh repro.sh "$T/by-hand" >"$OUT" 2>&1)
is "repro: the script runs through" "$?" 0
check "repro: the same test fails by hand" \
	grep -q "^sluice: out 1 not ok 1 toy/beta # expected 100, saw 0" "$OUT"
range_has_a_base base..one
sl test --json "$T/json2" --repo "$T/toy" base..one base..one
is "--json with two series: exit 2" "$RC" 2

# One writer, many readers.
series slow
say mm/rmap.c "test-sleep-ms 700"
patch "mm/rmap: slow"
git -C "$T/toy" checkout -q base
"$SLUICE" test --config-file "$T/config.ini" --repo "$T/toy" base..slow >"$T/slow" 2>&1 &
writer=$!
i=0
while ! grep -q "boot" "$T/slow" && [ $i -lt 100 ]; do
	i=$((i + 1))
	sleep 0.1
done
sl clean
is "second writer: exit 3" "$RC" 3
check "second writer: told who holds it" grep -q "in use by sluice test (pid $writer)" "$OUT"
for command in "test --repo $T/toy base..one" \
	"bisect --test toy/beta --topology smp4 --good base --bad one"; do
	echo '{"schema":"sluice/1","verdicts":[]}' >"$T/older.json"
	# shellcheck disable=SC2086 # words
	sl $command --json "$T/older.json"
	is "${command%% *}: second writer: exit 3" "$RC" 3
	check "${command%% *}: no older document stays" jq -e \
		'(.error | test("in use by sluice test")) and (has("verdicts") | not)' "$T/older.json"
done
for command in "test base..one" bisect; do
	echo '{"schema":"sluice/1","verdicts":[]}' >"$T/older.json"
	# shellcheck disable=SC2086 # words
	"$SLUICE" $command --config-file "$T/bad.ini" --json "$T/older.json" >"$OUT" 2>&1
	is "${command%% *}: bad config: exit 2" "$?" 2
	check "${command%% *}: bad config: no older document stays" jq -e \
		'(.error | test("mistake")) and (has("verdicts") | not)' "$T/older.json"
done
sl tree update toy
is "trees are updated beside a writer" "$RC" 0
sl show s1
check "reader beside a writer" grep -q "broken by patch 1" "$OUT"
id=$(sl show && awk '/ running /{ print $1; exit }' "$OUT")
COLUMNS=300 sl show "$id"
check "what is under way: who is at work" \
	grep -q "not finished; sluice test (pid $writer) since .* is at work here" "$OUT"
wait $writer
is "the first writer was not disturbed" "$?" 0

# An image that is not at the top of the output folder.
printf '# sluice: include=toy.config\n# sluice: target=bzImage\n' \
	>"$T/data/kernels/configs/toy-big.config"
# A tree whose repository was deleted is no reason why others cannot be tested.
git init -q "$T/gone"
git -C "$T/gone" commit -q --allow-empty -m "of a tree that goes"
sl tree add gone "$T/gone"
is "another tree" "$RC" 0
rm -rf "$T/gone"
series beside
say mm/rmap.c "test-sleep-ms 1"
patch "mm/rmap: beside it"
test_range beside
is "its repository is gone: the others are tested" "$RC" 0
check "its repository is gone: it is still listed" sh -c "$SLUICE tree list --config-file $T/config.ini |
	grep '^gone '"
sl tree remove gone
is "tree remove: exit 0" "$RC" 0
check "tree remove: its repository is let go" \
	sh -c "! grep /gone/ '$STATE/git/objects/info/alternates'"
check "tree remove: the others are not" grep -q /toy/ "$STATE/git/objects/info/alternates"
sl tree list
check "tree remove: it is listed no more" sh -c "! grep ^gone '$OUT'"
sl tree remove gone
is "tree remove: no such tree: exit 2" "$RC" 2
printf '[tree toy]\nfetch = 1h\n' >>"$T/config.ini"
sl tree remove toy
is "tree remove: one that is configured: exit 2" "$RC" 2
check "tree remove: one that is configured: said" grep -q "\[tree toy\]" "$OUT"
sed -i '/^\[tree toy\]/,$d' "$T/config.ini"

series big
say mm/rmap.c "test toy/beta fail"
patch "mm/rmap: break beta of a bzImage"
test_range big --config toy-big --topology smp4
is "repro of a bzImage: exit 1" "$RC" 1
sl repro "$(jget '[.steps[1].boots[].run][0]')"
cp "$OUT" "$T/repro.sh"
(cd "$T" && sh repro.sh "$T/big-by-hand" >"$OUT" 2>&1)
is "repro of a bzImage: the script runs through" "$?" 0
check "repro of a bzImage: the same test fails by hand" \
	grep -q "^sluice: out 1 not ok 1 toy/beta # expected 100, saw 0" "$OUT"
check "repro of a bzImage: on that image" test -s "$T/big-by-hand/out/arch/x86/boot/bzImage"

# More tests than a kernel command line holds.
{
	printf '[suite]\ndescription = many\n'
	i=0
	while [ $i -lt 120 ]; do
		i=$((i + 1))
		printf '[test t%d]\nprogram = toy\nargs = number-%d rounds=%d\n' $i $i $i
	done
} >"$T/data/runners/suites/toy-many.ini"
series many
say mm/rmap.c "note many"
patch "mm/rmap: many tests"
test_range many --suite toy-many --topology smp4
sl repro "$(jget '[.steps[1].boots[].run][0]')"
cp "$OUT" "$T/repro.sh"
(cd "$T" && VMLINUX=$T/big-by-hand/out/vmlinux sh repro.sh "$T/many-by-hand" >"$OUT" 2>&1)
is "repro of many tests: the script runs through" "$?" 0
is "repro of many tests: each runs once" \
	"$(grep -o 'ok 1 toy/number-[0-9]*' "$OUT" | sort -u | wc -l) $(grep -c 'ok 1 toy/number-' "$OUT")" \
	"120 120"
check "repro of many tests: it says which guest has which" grep -q "^== tests 1 to [0-9]* of 120" "$OUT"
sed "/^\[boot\]/a cmdline = $(printf '%02000d' 0)" "$T/config.ini" >"$T/long.ini"
"$SLUICE" test --config-file "$T/long.ini" --repo "$T/toy" base..one >"$OUT" 2>&1
is "a kernel command line that would be cut: exit 2" "$?" 2
check "a kernel command line that would be cut: says so" \
	grep -q "config toy, topology smp4: a kernel command line of 2[0-9]* bytes, a kernel takes 2047" "$OUT"

finish
