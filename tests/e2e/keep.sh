# keep.sh: what tests of retention share, after lib.sh: whether rows and files agree.
# shellcheck shell=sh

sql() {
	sqlite3 -cmd '.timeout 5000' "$STATE/sluice.db" "$1"
}

# dangling: rows whose file is not there in full; strays: files that no row has.
dangling() {
	sql "SELECT substr(sha256, 1, 2) || '/' || sha256 || iif(kind = 'zstd', '.zst', '') || ' '
		|| stored FROM artifact WHERE present" | while read -r file size; do
		[ "$(stat -c %s "$STATE/artifacts/$file" 2>/dev/null)" = "$size" ] || echo "$file"
	done
}

strays() {
	sql "SELECT sha256 || iif(kind = 'zstd', '.zst', '') FROM artifact WHERE present" |
		sort >"$T/rows"
	find "$STATE/artifacts" -mindepth 2 -type f -path '*/artifacts/??/*' -printf '%f\n' |
		sort | comm -13 "$T/rows" -
}
