#include "web/api.h"

#include "web/document.h"

int api_print(struct json_object *o, int r, struct reply *re)
{
	if (r == 1) {
		re->type = "application/json";
		str_add(&re->body,
			json_object_to_json_string_ext(
				o, JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_SPACED |
					   JSON_C_TO_STRING_NOSLASHESCAPE));
		str_addc(&re->body, '\n');
	}
	json_object_put(o);
	return r;
}

int api_series_list(struct request *rq, struct reply *re, struct err *err)
{
	struct json_object *o = NULL;
	int r = document_series_list(rq->db, rq->page, &o, err);

	return api_print(o, r, re);
}

int api_series(struct request *rq, struct reply *re, struct err *err)
{
	struct json_object *o = NULL;
	int r = document_series(rq->db, rq->id, &o, err);

	return api_print(o, r, re);
}

int api_run(struct request *rq, struct reply *re, struct err *err)
{
	struct json_object *o = NULL;
	int r = document_run(rq->db, rq->id, &o, err);

	return api_print(o, r, re);
}
