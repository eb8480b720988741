# plumbing.sh: commits without files, for tests on trees as large as Linux: a bare
# repository $T/hist that borrows the objects of the state's store, an index, and
# what changes in it. A test sources it after real_world.
# shellcheck shell=sh

# hist_begin: begins it; its first commit is the head of the tree of real_world.
hist_begin() {
	git init -q --bare "$T/hist"
	echo "$STATE/git/objects" >"$T/hist/objects/info/alternates"
	GIT_DIR=$T/hist
	GIT_INDEX_FILE=$T/hist/index
	export GIT_DIR GIT_INDEX_FILE
	# shellcheck disable=SC2154 # real_world says which
	hist_head=$(git --git-dir="$STATE/git" for-each-ref --format='%(objectname)' \
		"refs/trees/debian-$version/" | head -n 1)
	git read-tree "$hist_head"
	unset GIT_DIR GIT_INDEX_FILE
}

hist_git() {
	GIT_DIR=$T/hist GIT_INDEX_FILE=$T/hist/index git "$@"
}

# hist_at COMMIT: what follows goes onto it.
hist_at() {
	hist_head=$1
	hist_git read-tree "$1"
}

# hist_append FILE TEXT: to a file of the index.
hist_append() {
	hist_git cat-file blob ":$1" >"$T/blob"
	printf '%s\n' "$2" >>"$T/blob"
	hist_put "$1"
}

# hist_put FILE: $T/blob becomes that file of the index.
hist_put() {
	hist_git update-index --cacheinfo "100644,$(hist_git hash-object -w "$T/blob"),$1"
}

# hist_commit SUBJECT [SECOND PARENT]: what is in the index becomes $hist_head.
hist_commit() {
	hist_head=$(hist_git commit-tree "$(hist_git write-tree)" -p "$hist_head" \
		${2:+-p "$2"} -m "$1")
}
