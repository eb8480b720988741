/*
 * A message-id as one component of a git ref: refs/sluice/<encoded>/<version>/<k>.
 */
#ifndef SLUICE_KERNELS_REFNAME_H
#define SLUICE_KERNELS_REFNAME_H

/*
 * %XX for every byte that git forbids in a ref or that a shell would look at;
 * different ids give different names. A result over 200 bytes becomes
 * "%sha256-<hex of the id>" ("%s" is no encoding of anything). The caller
 * frees. An empty id gives "%empty".
 */
char *refname_encode(const char *msgid);

#endif
