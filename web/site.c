#include "web/site.h"

#include <string.h>
#include <sys/stat.h>

#include "lib/cleanup.h"
#include "lib/file.h"
#include "lib/paths.h"

#define CSS_MAX (256u << 10)

int site_init(struct site *s, const struct web_opts *opts, struct err *err)
{
	AUTO_FREE char *path =
		opts->static_dir ? path_join(opts->static_dir, "sluice.css", NULL) :
				   path_join(paths_data(), "web/static/sluice.css", NULL);

	memset(s, 0, sizeof(*s));
	s->opts = opts;
	return file_read(path, CSS_MAX, &s->css, &s->css_len, err);
}

void site_done(struct site *s)
{
	site_close_db(s);
	free(s->css);
	s->css = NULL;
}

void site_close_db(struct site *s)
{
	artifact_store_free(s->store);
	db_close(s->db);
	s->store = NULL;
	s->db = NULL;
}

int site_db(struct site *s, struct err *err)
{
	const struct web_opts *o = s->opts;
	struct stat sb;

	if (stat(o->db_path, &sb) < 0) {
		site_close_db(s);
		return err_set(err, ERR_MISSING, "%s: is not there yet", o->db_path);
	}
	if (s->db && (sb.st_dev != s->dev || sb.st_ino != s->ino))
		site_close_db(s);
	if (s->db)
		return 0;
	if (db_open(o->db_path, DB_READ, &s->db, err) < 0)
		return -1;
	if (artifact_store_new(o->artifacts, s->db, &s->store, err) < 0) {
		site_close_db(s);
		return -1;
	}
	s->dev = sb.st_dev;
	s->ino = sb.st_ino;
	return 0;
}
