#!/bin/sh
# update.sh: writes what is generated from the program's own tables: config.ini,
# and the parts of docs/sluice.1 between BEGIN and END lines. Run it after a
# change of an option or a key; tests compare.
set -eu
cd "$(dirname "$0")/.."
sluice=build/sluice
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
$sluice help config --ini >"$tmp/config.ini"
$sluice help --mdoc >"$tmp/commands"
$sluice help config --mdoc >"$tmp/config"
awk -v dir="$tmp" '
	/^\.\\" END / { skip = 0 }
	!skip { print }
	/^\.\\" BEGIN / {
		sub(/:$/, "", $3)
		while ((getline line < (dir "/" $3)) > 0)
			print line
		skip = 1
	}' docs/sluice.1 >"$tmp/sluice.1"
cat "$tmp/config.ini" >config.ini
cat "$tmp/sluice.1" >docs/sluice.1
