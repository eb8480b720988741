#include "kernels/posting.h"

#include <string.h>

#include "kernels/thread_group.h"
#include "kernels/thread_versions.h"
#include "lib/cleanup.h"

enum {
	MISSING_MAX = 300,
	LISTED_MAX = 100, /* patches of an incomplete one */
	FAMILY_MAX = 100, /* groups of a thread that are compared with each other */
};

enum mail_what mail_what_alone(const struct mail *m)
{
	if (m->tags.reply)
		return m->has_diff ? MAIL_QUOTED_DIFF : MAIL_REPLY;
	if (m->tags.pull)
		return MAIL_PULL;
	if (tags_in_series(&m->tags))
		return MAIL_NO_PATCH;
	return m->has_diff ? MAIL_UNTAGGED : MAIL_TALK;
}

/* p->m is known. */
static void add_flags(struct posting *p)
{
	p->rfc = p->m->tags.rfc;
	p->resend = p->m->tags.resend;
}

static void claim(struct recognised *all, GHashTable *index, const struct mail *m,
		  size_t posting, enum mail_what what)
{
	size_t i = GPOINTER_TO_SIZE(g_hash_table_lookup(index, m));

	all->mails[i] = (struct posting_mail){
		.what = what,
		.posting = posting,
		.number = what == MAIL_PATCH ? m->tags.k : 0,
	};
}

/* A patch of the group is misnumbered or holds no diff: no mail can mend that. */
static bool is_broken(const struct group *g)
{
	for (guint i = 0; i < g->members->len; i++) {
		const struct mail *m = g->members->pdata[i];

		if (m != g->cover && (m->tags.k > g->total || !m->has_diff))
			return true;
	}
	return false;
}

static void add_group(struct recognised *all, GHashTable *index,
		      const struct groups *groups, const struct group *g)
{
	struct posting *p = &all->list[all->n];
	AUTO(str_done) struct str missing = { .limit = MISSING_MAX };

	p->family = all->n;
	p->kind = g->total == 1 ? POSTING_SINGLE : POSTING_SERIES;
	p->minor = g->minor;
	p->mixed = g->mixed;
	p->s.notes = (struct str)STR_INIT;
	p->complete = group_fill(groups, g, &p->s);
	p->broken = is_broken(g);
	p->m = g->cover;
	for (guint i = 0; i < g->members->len; i++) {
		const struct mail *m = g->members->pdata[i];

		claim(all, index, m, all->n, m == g->cover ? MAIL_COVER : MAIL_PATCH);
		p->have += m != g->cover;
		if (m != g->cover && !g->cover && (!p->m || m->tags.k < p->m->tags.k))
			p->m = m;
	}
	p->date = ((const struct mail *)g->members->pdata[0])->date;
	add_flags(p);
	series_missing(&p->s, &missing);
	p->missing = str_take(&missing);
	if (!p->complete && p->s.total > LISTED_MAX) {
		free(p->s.patches);
		p->s.patches = NULL;
	}
	all->n++;
}

static void add_pull(struct recognised *all, GHashTable *index, const struct mail *m)
{
	struct posting *p = &all->list[all->n];

	p->family = all->n;
	p->kind = POSTING_PULL;
	p->m = m;
	p->date = m->date;
	add_flags(p);
	p->s = (struct mail_series){ .version = m->tags.version, .notes = STR_INIT };
	snprintf(p->s.reason, sizeof(p->s.reason), "a pull request, not a patch series");
	p->missing = str_dup("");
	claim(all, index, m, all->n, MAIL_PULL);
	all->n++;
}

/* Which groups of groups->list are versions of one series; by pairs, so not of many. */
static void find_families(struct recognised *all, const struct groups *groups)
{
	size_t n = groups->list->len < FAMILY_MAX ? groups->list->len : FAMILY_MAX;

	for (size_t i = 1; i < n; i++)
		for (size_t k = 0; k < i; k++)
			if (group_same_series(groups, groups->list->pdata[k],
					      groups->list->pdata[i])) {
				all->list[i].family = all->list[k].family;
				break;
			}
}

struct recognised posting_recognise(const struct thread *t)
{
	struct groups groups = groups_make(t);
	GHashTable *index = g_hash_table_new(NULL, NULL);
	struct recognised all = { .mails_n = thread_count(t) };

	all.mails = mem_alloc0((all.mails_n + 1) * sizeof(*all.mails));
	all.list = mem_alloc0((all.mails_n + 1) * sizeof(*all.list));
	for (size_t i = 0; i < all.mails_n; i++) {
		const struct mail *m = thread_mail(t, i);

		all.mails[i].what = mail_what_alone(m);
		all.mails[i].posting = POSTING_NONE;
		g_hash_table_insert(index, (gpointer)m, GSIZE_TO_POINTER(i));
	}
	for (guint i = 0; i < groups.list->len; i++)
		add_group(&all, index, &groups, groups.list->pdata[i]);
	find_families(&all, &groups);
	for (guint i = 0; i < groups.covers->len; i++) {
		const struct group *g = groups.covers->pdata[i];

		if (g->total > 0) /* announces patches that have not come */
			add_group(&all, index, &groups, g);
	}
	for (size_t i = 0; i < all.mails_n; i++)
		if (all.mails[i].what == MAIL_PULL)
			add_pull(&all, index, thread_mail(t, i));
	g_hash_table_unref(index);
	groups_done(&groups);
	return all;
}

void recognised_done(struct recognised *p)
{
	for (size_t i = 0; i < p->n; i++) {
		mail_series_done(&p->list[i].s);
		free(p->list[i].missing);
	}
	free(p->list);
	free(p->mails);
	*p = (struct recognised){ .list = NULL };
}

const char *posting_kind_str(enum posting_kind kind)
{
	static const char *const words[] = { "series", "single", "pull" };

	return words[kind];
}

const char *mail_what_str(enum mail_what what)
{
	static const char *const words[] = {
		[MAIL_COVER] = "cover",
		[MAIL_PATCH] = "patch",
		[MAIL_PULL] = "pull",
		[MAIL_REPLY] = "reply",
		[MAIL_QUOTED_DIFF] = "quoted-diff",
		[MAIL_UNTAGGED] = "untagged",
		[MAIL_NO_PATCH] = "no-patch",
		[MAIL_TALK] = "talk",
	};

	return words[what];
}
