#!/bin/sh
# lint-ranks.sh [FILE...]: who may include whom. A folder includes itself and
# folders of lower rank; <sqlite3.h> belongs to db/ and <git2.h> to kernels/. The
# programs in runners/guest are built for another machine and include nothing of
# ours. Prints each breach, and fails if there is one.
cd "$(dirname "$0")/.." || exit 2
# shellcheck disable=SC2046
[ $# -gt 0 ] || set -- $(find lib db kernels runners web daemon cli -name '*.[ch]')
[ $# -gt 0 ] || exit 0
exec awk '
BEGIN {
	split("lib 0 db 1 kernels 1 runners 1 web 2 daemon 3 cli 4", w, " ")
	for (i = 1; i in w; i += 2)
		rank[w[i]] = w[i + 1]
}
function breach(text) {
	printf "%s:%d: %s\n", FILENAME, FNR, text
	bad = 1
}
FNR == 1 {
	name = FILENAME
	sub(/^\.\//, "", name)
	from = name
	sub(/\/.*/, "", from)
	guest = name ~ /^runners\/guest\//
}
/^[ \t]*#[ \t]*include[ \t]*[<"]/ && from in rank {
	what = $0
	sub(/^[^<"]*/, "", what)
	system_header = what ~ /^</
	what = substr(what, 2)
	sub(/[>"].*/, "", what)
	if (what == "sqlite3.h" && from != "db")
		breach("only db/ includes <sqlite3.h>")
	if (what == "git2.h" && from != "kernels")
		breach("only kernels/ includes <git2.h>")
	if (system_header)
		next
	to = what
	if (!sub(/\/.*/, "", to)) {
		if (!guest)
			breach("name the folder: \"" from "/" what "\"")
		next
	}
	if (guest) {
		if (to in rank)
			breach("a guest program includes nothing of " to "/")
	} else if (!(to in rank))
		breach("\"" what "\" is in none of our folders")
	else if (to != from && rank[to] >= rank[from])
		breach(from "/ (rank " rank[from] ") must not include " to "/ (rank " rank[to] ")")
}
END { exit bad }
' "$@"
