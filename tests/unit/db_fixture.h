/*
 * A database and artifact store in a temporary folder, and the shortest way to
 * rows that are complete. Everything asserts (cmocka) on failure.
 */
#ifndef SLUICE_TESTS_DB_FIXTURE_H
#define SLUICE_TESTS_DB_FIXTURE_H

#include "tests/unit/cm.h"

#include <stdio.h>
#include <string.h>

#include "db/artifact.h"
#include "db/boot.h"
#include "db/build.h"
#include "db/series.h"
#include "db/step.h"
#include "db/tree.h"
#include "db/verdict.h"
#include "lib/file.h"
#include "lib/str.h"

struct fixture {
	char *dir, *path, *artifacts;
	struct db *db;
	struct artifact_store *store;
	char image[SHA256_HEX];
	struct err err;
};

#define FIXTURE_FN __attribute__((unused)) static
#define ok(f, call)                                              \
	do {                                                     \
		if ((call) < 0)                                  \
			fail_msg("%s: %s", #call, (f)->err.msg); \
	} while (0)

FIXTURE_FN struct json_object *j(const char *text)
{
	struct json_object *o = json_tokener_parse(text);

	assert_non_null(o);
	return o;
}

/* 64 hex digits that differ by n. */
FIXTURE_FN char *hex_key(unsigned int n)
{
	return str_printf("%064x", n);
}

FIXTURE_FN void fixture_init(struct fixture *f)
{
	char dir[] = "/tmp/sluice-test-XXXXXX";

	memset(f, 0, sizeof(*f));
	assert_non_null(mkdtemp(dir));
	f->dir = str_dup(dir);
	f->path = path_join(dir, "sluice.db", NULL);
	f->artifacts = path_join(dir, "artifacts", NULL);
	ok(f, db_open(f->path, DB_WRITE, &f->db, &f->err));
	ok(f, artifact_store_new(f->artifacts, f->db, &f->store, &f->err));
	ok(f, artifact_put_bytes(f->store, "kernel", 6, ARTIFACT_RAW, f->image, &f->err));
}

FIXTURE_FN void fixture_done(struct fixture *f)
{
	artifact_store_free(f->store);
	db_close(f->db);
	ok(f, tree_remove(f->dir, &f->err));
	free(f->dir);
	free(f->path);
	free(f->artifacts);
}

FIXTURE_FN int64_t add_series(struct fixture *f, const char *msgid, int64_t version,
			      const char *subject)
{
	struct series s = { .version = version, .date = 1700000000, .patches = 2 };
	char key[SHA256_HEX];
	int64_t id;

	series_key(msgid, version, "content", "debian", "base", key);
	s.key = str_dup(key);
	s.message_id = str_dup(msgid);
	s.subject = str_dup(subject);
	s.author = str_dup("A Developer <dev@example.org>");
	s.source = str_dup("series.mbox");
	s.tree = str_dup("debian");
	s.state = SERIES_RUNNING;
	ok(f, series_put(f->db, &s, &f->err));
	id = s.id;
	series_done(&s);
	return id;
}

/* Base and n-1 patches; trees are tree0, tree1, ... */
FIXTURE_FN void add_steps(struct fixture *f, int64_t series, int n, const char *subject)
{
	struct step *steps = mem_alloc0((size_t)n * sizeof(*steps));
	struct series s = { .id = series };

	for (int i = 0; i < n; i++) {
		steps[i].step = i;
		steps[i].apply = i ? APPLY_EXACT : APPLY_BASE;
		steps[i].subject = str_dup(subject);
		steps[i].tree = str_printf("tree%d", i);
		steps[i].commit_id = str_printf("%040d", i);
	}
	s.base_commit = str_dup("c0");
	s.base_tree = str_dup("tree0");
	s.base_how = str_dup("blobs");
	s.base_tried = j("[]");
	ok(f, series_set_steps(f->db, &s, steps, (size_t)n, &f->err));
	step_list_free(steps, (size_t)n);
	series_done(&s);
}

FIXTURE_FN int64_t add_build(struct fixture *f, unsigned int key, int64_t series,
			     int64_t step, enum build_status status)
{
	struct build b = { .status = status,
			   .seconds = 11.25,
			   .cpu_seconds = 20,
			   .compiled = 3,
			   .started = 1700000000,
			   .finished = 1700000011 };
	struct step_build c = { .series_id = series, .step = step };
	int64_t id;

	b.key = hex_key(key);
	b.base_key = hex_key(1000);
	b.config = str_dup("mlock");
	b.arch = str_dup("x86_64");
	b.target = str_dup("vmlinux");
	b.tree = str_printf("tree%d", (int)step);
	b.chain = str_printf("tree0 tree%d", (int)step);
	b.incremental = step > 0;
	b.toolchain = str_dup("gcc 12");
	b.image = status == BUILD_OK ? str_dup(f->image) : NULL;
	c.config = str_dup("mlock");
	c.arch = str_dup("x86_64");
	ok(f, build_put(f->db, &b, series ? &c : NULL, &f->err));
	id = b.id;
	build_done(&b);
	step_build_done(&c);
	return id;
}

FIXTURE_FN void boot_fill(struct fixture *f, struct boot *b, unsigned int key,
			  const char *topology)
{
	*b = (struct boot){ .status = BOOT_OK,
			    .seconds = 9,
			    .boot_seconds = 2,
			    .started = 1700000000,
			    .finished = 1700000009 };
	b->key = hex_key(key);
	b->image = str_dup(f->image);
	b->initramfs = hex_key(77);
	b->config = str_dup("mlock");
	b->arch = str_dup("x86_64");
	b->topology = str_dup(topology);
	b->topology_text = str_dup("[machine]\ncpus = 4\n");
	b->accel = str_dup("tcg");
	b->phase = str_dup("end");
}

/* One boot with one result, in the cell of the step (series 0: in none). */
FIXTURE_FN int64_t add_boot(struct fixture *f, unsigned int key, int64_t series,
			    int64_t step, const char *topology, const char *test,
			    enum test_result result, const char *reason)
{
	struct boot b;
	struct result r = { .result = result,
			    .seconds = 1.5,
			    .console_from = DB_NO_INT,
			    .console_to = DB_NO_INT };
	struct step_boot c = { .series_id = series, .step = step };
	int64_t id;

	boot_fill(f, &b, key, topology);
	r.test = str_dup(test);
	r.reason = str_dup(reason);
	c.config = str_dup("mlock");
	c.arch = str_dup("x86_64");
	c.topology = str_dup(topology);
	ok(f, boot_put(f->db, &b, &r, 1, series ? &c : NULL, &f->err));
	id = b.id;
	boot_done(&b);
	result_done(&r);
	step_boot_done(&c);
	return id;
}

#endif
