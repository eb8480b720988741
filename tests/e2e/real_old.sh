#!/bin/sh
# The quick suite on an older kernel, Debian's linux 6.1, of the days before folios
# were everywhere: a good one passes, and what it lacks is skipped with a reason.
# shellcheck source=tests/e2e/lib.sh disable=SC1091
. "$(dirname "$0")/lib.sh"
real_world old 6.1

comment_patch
sl test --topology numa2,cpuless --json "$T/json" "$T/one.mbox"
sed 's/^/# /' "$OUT"
: >"$OUT"
is "exit 0: a good kernel passes" "$RC" 0
is "every boot ended well" "$(jget '[.steps[].boots[].status] | unique | join(" ")')" ok
run=$(jget '.steps[0].boots[0].run')
sl log "$run"
check "it is a 6.1" grep -q "Linux version 6[.]1[.]" "$OUT"
for topology in numa2 cpuless; do
	is "$topology: each test passed, or said why not" \
		"$(jget "[.steps[0].boots[] | select(.topology == \"$topology\") | .tests[] |
			select(.result != \"pass\" and (.result != \"skip\" or (.reason // \"\") == \"\")) |
			.test] | join(\" \")")" ""
	for name in compaction kinds-move residue race exit from-swap; do
		is "$topology: $name passed" "$(jget "[.steps[0].boots[] |
			select(.topology == \"$topology\") | .tests[] |
			select(.test == \"mlock-migrate/$name\") | .result] | unique | join(\" \")")" pass
	done
done
finish
