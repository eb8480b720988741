#!/bin/sh
# make mutants on a toy tree: seeded bugs become series, what counts as caught, results
# that are kept, the table and the page.
# shellcheck source=tests/e2e/lib.sh disable=SC1091
. "$(dirname "$0")/lib.sh"
begin mutants
toy_tree

# The list itself: how many for VERSION, made how.
listed() {
	grep -l "^# made: $2" "$SLUICE_ROOT"/tests/mutants/*/*.edit |
		xargs grep -l "^# kernels: .*\b$1\b" | wc -l
}
check "at least 25 by hand for 6.12" test "$(listed 6.12 'by hand')" -ge 25
check "at least 25 by operators" test "$(listed 6.12 'by generate.awk')" -ge 25
check "at least 15 for 6.1" test "$(listed 6.1 by)" -ge 15
is "no name twice" "$(basename -a "$SLUICE_ROOT"/tests/mutants/*/*.edit | sort | uniq -d)" ""
for key in kernels made property expect; do
	is "each says: $key" "$(grep -L "^# $key: " "$SLUICE_ROOT"/tests/mutants/*/*.edit)" ""
done
is "each equivalent says why" \
	"$(grep -l '^# expect: equivalent' "$SLUICE_ROOT"/tests/mutants/*/*.edit |
		xargs grep -L '^# why: ')" ""

# mutant NAME REMARK HUNK-LINE...: an edit of mm/rmap.c.
mutant() {
	mkdir -p "$T/mutants/hand"
	mutant_name=$1
	{
		printf '# kernels: toy\n# property: what %s says\n%s\nSubject: mm/rmap: %s\n\n@@ mm/rmap.c\n' \
			"$1" "$2" "$1"
		shift 2
		printf '%s\n' "$@"
	} >"$T/mutants/hand/$mutant_name.edit"
}

# mutants ARGUMENT...: the script on the toy world; output in $OUT, exit code in RC.
mutants() {
	RC=0
	STATE="$STATE" CONFIG_FILE="$T/config.ini" MUTANTS="$T/mutants" BUILT=1 TREES=toy \
		STAGES=quick QUICK_SUITES=toy QUICK_CONFIGS=toy ONLY="${only:-}" \
		"$SLUICE_ROOT/tests/mutants.sh" "$@" >"$OUT" 2>&1 || RC=$?
}

# row NAME: its line of the table.
row() {
	awk -v name="$1" '$1 == name && $2 == "toy" { sub(/^[^ ]+ +toy +/, ""); print }' "$OUT"
}

anchor='TOY_SAYS(rmap, "rmap=drain");'
mutant beta "# expect: caught" " $anchor" '+TOY_SAYS(seeded, "stub: test toy/beta fail");'
mutant single "# expect: caught" " $anchor" \
	'+TOY_SAYS(seeded, "stub: test toy/gamma fail nodes 1");'
mutant panics "# topologies: smp4" " $anchor" '+TOY_SAYS(seeded, "stub: boot panic");'
mutant unseen "# why: No case looks there." "-$anchor" '+TOY_SAYS(rmap, "rmap=later");'
mutant equal "# expect: equivalent" " $anchor" '+/* Nothing. */'
mutant gone "# expect: caught" '-TOY_SAYS(nowhere, "x");'
mutant broken "# expect: caught" " $anchor" '+this is no C;'
mutant elsewhere "# expect: caught" " $anchor" '+this is no C;'
sed -i 's/^# kernels: toy/# kernels: 6.12/' "$T/mutants/hand/elsewhere.edit"

mutants --fit
check "fit: says which does not" grep -q "toy: gone.edit:.*not in mm/rmap.c" "$OUT"
check "fit: counts" grep -q "^toy (6.99.0): 6 fit, 1 do not" "$OUT"

mutants
is "run: exit 0, all have a result" "$RC" 0
is "a failing test" "$(row beta)" "caught     quick toy/beta on numa2 with toy"
is "one that the first topology does not show" "$(row single)" "caught     quick toy/gamma on smp4 with toy"
check "a guest that dies" expr "$(row panics)" : "caught     quick boot on smp4"
is "one that no test sees" "$(row unseen)" "survived   "
is "one that no test can see" "$(row equal)" "equivalent "
check "an anchor that is gone is told, not failed" expr "$(row gone)" : "no-fit .*mm/rmap.c"
check "one that does not compile" expr "$(row broken)" : "not-built "
is "one for another kernel is left out" "$(row elsewhere)" ""
check "score: of those that could be caught" \
	grep -q "^linux toy: the quick tier catches 3 of 4, 75 %; equivalent: 1, do not compile: 1, do not fit: 1" "$OUT"
is "single: ran on numa2 first" "$(jq -r .result "$STATE/mutants/toy/single/quick-numa2.json")" survived
check "beta: not on smp4 as well" test ! -e "$STATE/mutants/toy/beta/quick-smp4.json"
is "the series that it was" "$(jq -r .series "$STATE/mutants/toy/beta/quick-numa2.json")" \
	"$(sl show && sed -n 's/^ *s\([0-9]*\) .*mm\/rmap: beta.*/\1/p' "$OUT")"

begun=$(wc -l <"$T/calls")
mutants
is "again: nothing is built or booted" "$(wc -l <"$T/calls")" "$begun"
is "again: the same result" "$(row beta)" "caught     quick toy/beta on numa2 with toy"

sed -i 's/^# property: .*/# property: another word/' "$T/mutants/hand/beta.edit"
mutant unseen "# why: No case looks there." "-$anchor" '+TOY_SAYS(rmap, "rmap=never");'
mutants
check "a changed edit runs again" test "$(wc -l <"$T/calls")" -gt "$begun"
is "a changed remark does not: its series is the only one" \
	"$(sl show && grep -c 'mm/rmap: beta' "$OUT")" 1

begun=$(wc -l <"$T/calls")
key=$(jq -r .key "$STATE/mutants/toy/single/quick-smp4.json")
printf 'toy of a later day\n' >"$T/guest/toy"
mutants --table
check "results of older tests are told" grep -q "of older tests or another base: " "$OUT"
only="sing* none"
mutants
check "changed tests run again" test "$(wc -l <"$T/calls")" -gt "$begun"
check "what caught it before the change does not hold" \
	test "$(jq -r .key "$STATE/mutants/toy/single/quick-smp4.json")" != "$key"
is "ONLY: no others" "$(grep -c ' toy ' "$OUT")" 1

only=
mutants --page "$T/page.md"
is "page: exit 0" "$RC" 0
check "page: the table" grep -q '^| `beta` | another word | quick: toy/beta on numa2 with toy |' "$T/page.md"
check "page: why one survived" grep -q '^- `unseen` (toy), .* No case looks there\.$' "$T/page.md"
check "page: the equivalent apart" sh -c "sed -n '/^## Equivalent/,\$p' '$T/page.md' | grep -q '^- .equal. '"

# Trouble of our own is no result.
mutant later "# expect: caught" " $anchor" '+TOY_SAYS(seeded, "rmap=x");'
mv "$T/bin/qemu" "$T/bin/qemu.away"
only=later
mutants
is "without QEMU: exit 3" "$RC" 3
check "without QEMU: no result is kept" test ! -e "$STATE/mutants/toy/later/quick-numa2.json"
mv "$T/bin/qemu.away" "$T/bin/qemu"
mutants
is "with it: goes on" "$RC" 0
is "with it: a result" "$(row later)" "survived   "
finish
