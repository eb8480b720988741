/*
 * A swap area that the test makes on a block device, for pages to go to. It is
 * switched off at exit, which brings back what is in it.
 */
#ifndef SLUICE_GUEST_SWAP_H
#define SLUICE_GUEST_SWAP_H

/*
 * Writes the signature of a swap area of npages pages and switches it on; one
 * that a killed test left on is switched off first. 0, or -errno. device must
 * live until exit.
 */
int swap_on(const char *device, unsigned npages);

#endif
