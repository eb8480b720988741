#!/bin/sh
# A suite of one's own, made as docs/HACKING.md says: from its words, literally.
# shellcheck source=tests/e2e/lib.sh disable=SC1091
. "$(dirname "$0")/lib.sh"
begin own_suite
toy_tree
mine=$HOME/.config/sluice/suites
mkdir -p "$mine"
for f in resident.c mine.ini; do
	doc_block "Add a suite of your own" "${f##*.}" >"$mine/$f"
done
# What the reader has: sluice in $PATH and a series.
printf '#!/bin/sh\ncommand=$1\nshift\nexec "%s" "$command" --config-file "%s" "$@"\n' \
	"$SLUICE" "$T/config.ini" >"$T/bin/sluice"
chmod 755 "$T/bin/sluice"
series own
say mm/rmap.c "test resident fail"
patch "mm/rmap: break it"
git -C "$T/toy" checkout -q base
doc_block "Add a suite of your own" sh | sed "s|A\.\.B|--json $T/json base..own|" >"$T/steps.sh"
steps() {
	RC=0
	(cd "$T/toy" && PATH="$T/bin:$PATH" && . "$T/steps.sh") >"$OUT" 2>&1 || RC=$?
}
# The range is looked for in the current folder, and the steps leave it.
sed -i "s|sluice test|cd $T/toy; sluice test|" "$T/steps.sh"
steps
is "as the recipe says: exit 1, the patch breaks the test" "$RC" 1
is "the test has its verdict" "$(verdict mine/resident smp4)" "introduced 1 null"
is "and ran under its name" "$(jget '[.steps[0].boots[0].tests[].test] | join(" ")')" "mine/resident"
boots=$(calls boot)

# Its content is in the key.
run=$(jget '.steps[0].boots[0].run')
steps
is "again: exit 1" "$RC" 1
is "again: no boot" "$(calls boot)" "$boots"
sed -i 's/PAGES 64/PAGES 65/' "$mine/resident.c"
steps
check "changed program: booted anew" test "$(calls boot)" -gt "$boots"
check "changed program: another run" test "$(jget '.steps[0].boots[0].run')" != "$run"
archive=$STATE/artifacts
check "the program is in an initramfs" sh -c \
	"grep -rlF tests/resident '$archive' >/dev/null"

# Mistakes, before anything is done.
complains() { # complains NAME PATTERN
	sl test --suite mine --repo "$T/toy" base..own
	is "$1: exit 2" "$RC" 2
	check "$1: says where and what" grep -q "$2" "$OUT"
}
ini=$mine/mine.ini
cp "$ini" "$T/good.ini"
cc -o "$mine/resident" "$mine/resident.c" # as one forgets
complains "dynamic program" "mine.ini:5: program: .*/resident: is not static (it wants /lib"
cp "$mine/resident.c" "$mine/resident"
chmod 644 "$mine/resident"
complains "no x bit" "mine.ini:5: program: .*is not executable"
chmod 755 "$mine/resident"
complains "no program at all" "mine.ini:5: program: .*no ELF file"
rm "$mine/resident"
complains "no such file" "mine.ini:5: program: .*there is no such file"
sl check-config
is "check-config: does not look at suites that are not configured" "$RC" 0
sed -i 's/^suite = toy/suite = mine/' "$T/config.ini"
sl check-config
is "check-config: complains, too" "$RC" 2
check "check-config: says where" grep -q "MISTAKE .*mine.ini:5: program" "$OUT"
printf '[suite]\nselftests = mm\n[test t]\nprogram = toy_lock\n' >"$mine/resident.ini"
cc -static -o "$mine/resident" "$mine/resident.c"
sed -i 's/^suite = mine/suite = mine,resident/' "$T/config.ini"
sl check-config
is "check-config: suites that do not go together" "$RC" 2
check "check-config: says which" grep -q \
	"MISTAKE .*mine.ini:5: program: \"resident\" is also the name of the suite" "$OUT"
rm "$mine/resident.ini" "$mine/resident"
sed -i 's/^suite = mine,resident/suite = mine/' "$T/config.ini"
cp "$T/good.ini" "$T/data/runners/suites/mine.ini"
sed -i 's|\./resident|toy|' "$T/data/runners/suites/mine.ini" "$ini"
complains "a name twice" "suites/mine.ini: there is a suite of that name already"
rm "$T/data/runners/suites/mine.ini"
sl test --suite nosuch --repo "$T/toy" base..own
check "no such suite: lists the own ones, too" grep -q "there are: toy, mine" "$OUT"

# Another folder by the configuration.
mkdir "$T/else" && cp "$ini" "$T/else/other.ini"
sed -i "s|^suite = mine|suite = other\nsuites_dir = $T/else|" "$T/config.ini"
sl check-config
is "suites_dir: found there" "$RC" 0
finish
