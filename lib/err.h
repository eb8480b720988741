/*
 * The error that a fallible call fills in, always its last parameter and
 * owned by the caller. The lowest layer names the object ("open /x: No such
 * file"); each layer above adds at most once what it was trying to do; only
 * the top logs. A patch that does not apply, build, boot or pass is a result
 * and never travels here: an error is that sluice could not do its work.
 */
#ifndef SLUICE_LIB_ERR_H
#define SLUICE_LIB_ERR_H

enum err_code {
	ERR_NONE = 0,
	ERR_SYS,     /* a system call or library failed; worth a retry elsewhere */
	ERR_INPUT,   /* what we were given is unusable; a retry changes nothing */
	ERR_LIMIT,   /* a configured limit was passed */
	ERR_MISSING, /* a program, file or object that must be there is not */
	ERR_BUSY,    /* somebody else holds it */
	ERR_INTERNAL,
	ERR_STALE,   /* the work was taken from us meanwhile: nothing was written */
	ERR_STOPPED, /* we were asked to end before it was done */
};

struct err {
	enum err_code code;
	char msg[512];
};

/*
 * Each returns -1, so that "return err_set(err, ...)" reads well. err may be
 * NULL. err_sys appends strerror of errno. err_prefix puts "what: " in front
 * of the message that is there and keeps its code.
 */
int err_set(struct err *err, enum err_code code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
int err_sys(struct err *err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
int err_prefix(struct err *err, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

#endif
