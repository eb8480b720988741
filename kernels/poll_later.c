#include "kernels/poll_later.h"

#include <string.h>
#include <time.h>

#include "lib/cleanup.h"
#include "lib/str.h"

enum {
	PUT_BY_MAX = 200,
	IN_A_ROW = 3,
	TRIES = 8,
	GIVE_UP_S = 24 * 3600,
	KEY_MAX = 1000,
};

struct item {
	char *key;
	long long tries, since;
	bool fresh; /* put by in this poll */
};

struct later {
	struct item v[PUT_BY_MAX];
	size_t n;
	int row; /* new ones that failed, one after the other */
};

static void add(struct later *l, const char *key, long long tries, long long since,
		bool fresh)
{
	if (l->n == PUT_BY_MAX || strlen(key) > KEY_MAX || later_has(l, key))
		return;
	l->v[l->n++] = (struct item){ str_dup(key), tries, since, fresh };
}

static void drop(struct later *l, size_t i)
{
	free(l->v[i].key);
	memmove(&l->v[i], &l->v[i + 1], (--l->n - i) * sizeof(l->v[0]));
}

struct later *later_new(struct json_object *arr)
{
	struct later *l = mem_alloc0(sizeof(*l));

	for (size_t i = 0; i < json_len(arr); i++) {
		struct json_object *o = json_object_array_get_idx(arr, i);
		const char *key = json_str(o, "key", "");

		if (*key)
			add(l, key, json_int(o, "tries", 1), json_int(o, "since", 0),
			    false);
	}
	return l;
}

void later_free(struct later *l)
{
	if (!l)
		return;
	while (l->n)
		drop(l, l->n - 1);
	free(l);
}

struct json_object *later_json(const struct later *l)
{
	struct json_object *arr = json_object_new_array();

	for (size_t i = 0; i < l->n; i++) {
		struct json_object *o = json_object_new_object();

		json_set_str(o, "key", l->v[i].key);
		json_set_int(o, "tries", l->v[i].tries);
		json_set_int(o, "since", l->v[i].since);
		json_object_array_add(arr, o);
	}
	return arr;
}

bool later_has(const struct later *l, const char *key)
{
	for (size_t i = 0; i < l->n; i++)
		if (!strcmp(l->v[i].key, key))
			return true;
	return false;
}

bool later_is_empty(const struct later *l)
{
	return l->n == 0;
}

void later_forget(struct later *l, const char *key)
{
	for (size_t i = 0; i < l->n; i++)
		if (!strcmp(l->v[i].key, key)) {
			drop(l, i);
			return;
		}
}

int later_try(struct later *l, struct poll *p, const char *key, later_fn fn, void *arg,
	      struct err *err)
{
	struct err why = { .code = ERR_NONE };
	int rc = fn(arg, key, &why);

	if (rc == LATER_GOT) {
		l->row = 0;
		return 0;
	}
	if (rc != LATER_OURS)
		add(l, key, 1, time(NULL), true);
	if (rc == LATER_ONE && ++l->row < IN_A_ROW && later_has(l, key)) {
		poll_note(p, "%s (it is tried again)", why.msg);
		p->retry_after = 0;
		return 0;
	}
	*err = why;
	return -1;
}

static bool given_up(const struct item *it, const struct poll *p)
{
	/* While nothing at all is to be had, it is not this one's fault. */
	return it->tries >= TRIES && time(NULL) - it->since >= GIVE_UP_S && p->mails;
}

int later_again(struct later *l, struct poll *p, later_fn fn, void *arg, struct err *err)
{
	for (size_t i = 0; i < l->n;) {
		struct err why = { .code = ERR_NONE };
		struct item *it = &l->v[i];
		int rc;

		if (it->fresh) {
			i++;
			continue;
		}
		if (poll_full(p))
			return 0;
		rc = fn(arg, it->key, &why);
		it->tries += rc > 0;
		if (rc == LATER_ONE)
			p->retry_after = 0;
		if (rc == LATER_OURS || p->retry_after) {
			*err = why;
			return -1;
		}
		if (rc != LATER_GOT && given_up(it, p)) {
			poll_note(p, "given up after %lld tries: %s", it->tries, why.msg);
			p->skipped++;
		} else if (rc != LATER_GOT) {
			i++;
			/* Of the new ones all are there: no reason to ask less often. */
			if (rc == LATER_ALL)
				return 0;
			continue;
		}
		drop(l, i);
	}
	return 0;
}
