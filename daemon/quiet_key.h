/*
 * What a measurement of "sluice quiet" hangs on, as a document: boots with the same
 * key are counted together. Pure.
 */
#ifndef SLUICE_DAEMON_QUIET_KEY_H
#define SLUICE_DAEMON_QUIET_KEY_H

#include "daemon/quiet.h"
#include "lib/json.h"

/*
 * Image, initramfs, suites with their deadlines, QEMU, accelerator, words on the
 * kernel command line, limits of a boot, form of the records, and the sources of
 * sluice that make a result out of a boot ("judge", a sha256). Not the machine:
 * each boot names its own (quiet_record.h). A new object.
 */
struct json_object *quiet_key(const struct quiet_opts *o);

#endif
