# archive.sh: a real public-inbox on loopback for end-to-end tests, after lib.sh: list
# "toy" in $T/pi, served at http://127.0.0.1:$port/toy/ by the process $server.
# shellcheck shell=sh disable=SC2034

server=""
port=""
no_proxy=127.0.0.1
PI_CONFIG=$T/pi/config
export no_proxy PI_CONFIG

# archive_skips NAME: ends the test where a program for it is missing.
archive_skips() {
	for program in b4 public-inbox-init public-inbox-index public-inbox-httpd curl; do
		command -v $program >/dev/null || {
			skip "$1" "$program is not installed"
			finish
		}
	done
}

# archive_make: an empty list, without a search index, of which the server may look at
# an old state for half a minute.
archive_make() {
	mkdir -p "$T/pi/toy/git"
	git init -q --bare -b master "$T/pi/toy/git/0.git"
	public-inbox-init -V2 -j1 -L basic toy "$T/pi/toy" "http://127.0.0.1/toy/" \
		toy@localhost >>"$T/pi/log" 2>&1
}

# archive_post FILE...: more mails on the list.
archive_post() {
	for mail; do
		{
			printf 'commit refs/heads/master\ncommitter t <t@x> %s +0000\ndata 1\nm\n' \
				"$(date +%s)"
			git -C "$T/pi/toy/git/0.git" rev-parse -q --verify master | sed 's/^/from /'
			printf 'M 100644 inline m\ndata %s\n' "$(wc -c <"$mail")"
			cat "$mail"
			echo
		} | git -C "$T/pi/toy/git/0.git" fast-import --quiet
	done
	public-inbox-index -j0 --no-fsync "$T/pi/toy" >>"$T/pi/log" 2>&1
}

# archive_serve: 0 when the server answers, on a port that was free.
archive_serve() {
	for try in 1 2 3 4 5 6; do
		port=$((20000 + ($$ * 7 + try * 131) % 20000))
		public-inbox-httpd -l "127.0.0.1:$port" -W 0 >>"$T/pi/log" 2>&1 &
		server=$!
		i=0
		while [ $i -lt 50 ] && kill -0 $server 2>/dev/null; do
			curl -s -o /dev/null "http://127.0.0.1:$port/toy/" && return 0
			i=$((i + 1))
			sleep 0.1
		done
		kill $server 2>/dev/null
	done
	return 1
}

archive_end() {
	[ -z "$server" ] || kill "$server" 2>/dev/null
	server=""
}
