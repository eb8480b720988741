#include "web/sentence.h"

#include <string.h>

/* "3", "3 or 4": those of the list, or the one where it has no more. */
static void patches(struct json_object *list, int64_t one, struct str *out)
{
	size_t n = json_len(list);

	if (n < 2)
		str_addf(out, "%lld", (long long)one);
	for (size_t i = 0; n > 1 && i < n; i++)
		str_addf(out, "%s%lld",
			 i == 0     ? "" :
			 i + 1 == n ? " or " :
				      ", ",
			 (long long)json_object_get_int64(
				 json_object_array_get_idx(list, i)));
}

/* "Patch 3", "Patch 3 or 4", "The base" */
static void who(const struct verdict *v, struct str *out)
{
	if (json_len(v->candidates) > 1) {
		str_add(out, "Patch ");
		patches(v->candidates, v->from_step, out);
	} else if (v->from_step > 0) {
		str_addf(out, "Patch %lld", (long long)v->from_step);
	} else if (v->from_step == 0) {
		str_add(out, "The base");
	} else {
		str_add(out, "The series");
	}
}

/* "compaction on numa2" */
static void what(const struct verdict *v, bool many_configs, struct str *out)
{
	switch (v->kind) {
	case KIND_APPLY:
		str_add(out, "applying");
		break;
	case KIND_BUILD:
		str_add(out, "the build");
		break;
	case KIND_WARNING:
		str_add(out, "a new warning");
		break;
	case KIND_BOOT:
		str_add(out, "booting");
		break;
	case KIND_TEST:
		str_add(out, v->test ? v->test : "testing");
		break;
	}
	if (v->topology)
		str_addf(out, " on %s", v->topology);
	if (many_configs && v->config)
		str_addf(out, " (%s)", v->config);
}

static void breaks(const struct verdict *v, bool many_configs, struct str *out)
{
	who(v, out);
	if (v->kind == KIND_APPLY) {
		str_add(out, " does not apply");
		return;
	}
	str_add(out, v->kind == KIND_WARNING ? " adds " : " breaks ");
	what(v, many_configs, out);
}

static void capitalise(struct str *out, size_t at)
{
	if (at < out->len && out->data[at] >= 'a' && out->data[at] <= 'z' &&
	    (str_starts(out->data + at, "the ") || str_starts(out->data + at, "a ") ||
	     str_starts(out->data + at, "applying") ||
	     str_starts(out->data + at, "booting") ||
	     str_starts(out->data + at, "testing")))
		out->data[at] -= 'a' - 'A';
}

void verdict_sentence(const struct verdict *v, bool many_configs, struct str *out)
{
	size_t start = out->len;

	switch (v->verdict) {
	case VERDICT_INTRODUCED:
		breaks(v, many_configs, out);
		break;
	case VERDICT_TRANSIENT:
		breaks(v, many_configs, out);
		str_add(out, ", patch ");
		patches(v->repairs, v->until_step, out);
		str_add(out, v->kind == KIND_WARNING ? " removes it" : " repairs it");
		break;
	case VERDICT_FLAKY:
		what(v, many_configs, out);
		str_addf(out,
			 v->runs > 0 ? " fails now and then: %lld of %lld runs" :
				       " fails now and then",
			 (long long)v->failures, (long long)v->runs);
		if (v->from_step > 0)
			str_addf(out, ", first seen at patch %lld",
				 (long long)v->from_step);
		break;
	case VERDICT_PRE_EXISTING:
		what(v, many_configs, out);
		str_add(out, v->kind == KIND_WARNING ? " is in the base already" :
			     v->from_step > 0        ? " fails as it is known to" :
						       " fails on the base already");
		break;
	case VERDICT_INCONCLUSIVE:
		what(v, many_configs, out);
		str_add(out, " gave no clear answer");
		break;
	case VERDICT_NOT_TESTED:
		what(v, many_configs, out);
		str_add(out, v->kind == KIND_TEST && v->test ? " was not tested" :
							       " was not done");
		break;
	case VERDICT_INFRA:
		what(v, many_configs, out);
		str_add(out, " was lost to trouble of our own");
		break;
	default:
		what(v, many_configs, out);
		str_add(out, " passes");
		break;
	}
	capitalise(out, start);
	str_addc(out, '.');
}

void verdict_passes_text(const struct verdict *v, const struct verdict *list, size_t n,
			 bool many_configs, struct str *out)
{
	bool any = false;

	if ((v->verdict != VERDICT_INTRODUCED && v->verdict != VERDICT_TRANSIENT) ||
	    !v->topology)
		return;
	for (size_t i = 0; i < n; i++) {
		const struct verdict *o = &list[i];

		if (o->verdict != VERDICT_PASS || o->kind != v->kind || !o->topology ||
		    (v->test && (!o->test || strcmp(v->test, o->test) != 0)))
			continue;
		str_add(out, any ? ", " : "passes on ");
		if (many_configs && o->config)
			str_addf(out, "%s/", o->config);
		str_add(out, o->topology);
		any = true;
	}
}

/* Three places, but never "1.000": nothing is sure. */
static void add_p(double p, struct str *out)
{
	if (p > 0.9995)
		str_add(out, "P > 0.999");
	else
		str_addf(out, "P %.3f", p);
}

static void add_count(struct json_object *odds, const char *key, const char *when,
		      struct str *out)
{
	struct json_object *n = json_obj(odds, key);
	long long runs = json_int(n, "runs", 0);

	if (runs > 0)
		str_addf(out, "%lld of %lld %s, ", json_int(n, "failures", 0), runs,
			 when);
}

static void add_likely(struct json_object *o, struct str *out)
{
	long long from = json_int(o, "from", -1), until = json_int(o, "until", -1);

	if (from < 0)
		str_add(out, "only by chance");
	else if (from == 0)
		str_add(out, "on the base already");
	else
		str_addf(out, "broken by patch %lld", from);
	if (until > 0)
		str_addf(out, ", good again from patch %lld", until);
	if (json_num(o, "p", 0) > 0.995)
		str_add(out, " (P > 0.99)");
	else
		str_addf(out, " (P %.2f)", json_num(o, "p", 0));
}

void verdict_odds_text(const struct verdict *v, struct str *out)
{
	struct json_object *likely = json_arr(v->odds, "likely");

	if (!v->odds || v->probability < 0)
		return;
	if (v->verdict != VERDICT_INCONCLUSIVE) {
		str_add(out, "failed: ");
		if (json_obj(v->odds, "bad")) {
			add_count(v->odds, "before", "runs before it", out);
			add_count(v->odds, "bad", v->from_step > 0 ? "with it" : "runs",
				  out);
			add_count(v->odds, "after", "after that", out);
		} else {
			str_addf(out, "%lld of %lld runs, ", (long long)v->failures,
				 (long long)v->runs);
		}
		add_p(v->probability, out);
		if (v->verdict == VERDICT_FLAKY)
			str_add(out, " that no patch is to blame");
		return;
	}
	str_addf(out, "%lld of %lld runs failed; ", (long long)v->failures,
		 (long long)v->runs);
	for (size_t i = 0; i < json_len(likely) && i < 3; i++) {
		str_add(out, i ? ", or " : "");
		add_likely(json_object_array_get_idx(likely, i), out);
	}
}
