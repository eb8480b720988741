#include "init/devices.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "common/sysfile.h"

#define DEV "/dev"
#define DEVICES_MAX 512
#define PATH_LEN 128
#define DEPTH_MAX 8

static struct device {
	char path[64];
	mode_t mode;
	uid_t uid;
	gid_t gid;
	dev_t rdev;
} devices[DEVICES_MAX];
static size_t ndevices;

/* Each entry of a folder; fn may remove it. */
static void each(const char *folder, int depth,
		 void (*fn)(const char *path, int depth, void *arg), void *arg)
{
	DIR *d = depth < DEPTH_MAX ? opendir(folder) : NULL;
	char path[PATH_LEN];
	struct dirent *e;

	while (d && (e = readdir(d)))
		if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0 &&
		    snprintf(path, sizeof(path), "%s/%s", folder, e->d_name) <
			    (int)sizeof(path))
			fn(path, depth, arg);
	if (d)
		closedir(d);
}

static void remember(const char *path, int depth, void *arg)
{
	struct device *dev = &devices[ndevices];
	struct stat st;

	if (ndevices == DEVICES_MAX || strlen(path) >= sizeof(dev->path) ||
	    lstat(path, &st) < 0)
		return;
	strcpy(dev->path, path);
	dev->mode = st.st_mode;
	dev->uid = st.st_uid;
	dev->gid = st.st_gid;
	dev->rdev = st.st_rdev;
	ndevices++;
	if (S_ISDIR(st.st_mode))
		each(path, depth + 1, remember, arg);
}

void devices_remember(void)
{
	each(DEV, 0, remember, NULL);
}

static bool is_known(const char *path)
{
	for (size_t i = 0; i < ndevices; i++)
		if (strcmp(devices[i].path, path) == 0)
			return true;
	return false;
}

/* Under that name the kernel has such a device. */
static bool is_kernels(const char *path, const struct stat *st)
{
	char uevent[96], text[512], name[PATH_LEN + 16];

	if (!S_ISCHR(st->st_mode) && !S_ISBLK(st->st_mode))
		return false;
	snprintf(uevent, sizeof(uevent), "/sys/dev/%s/%u:%u/uevent",
		 S_ISCHR(st->st_mode) ? "char" : "block", major(st->st_rdev),
		 minor(st->st_rdev));
	snprintf(name, sizeof(name), "DEVNAME=%s\n", path + strlen(DEV "/"));
	if (sysfile_read(uevent, text, sizeof(text) - 1) <= 0)
		return false;
	strcat(text, "\n");
	return strstr(text, name) != NULL;
}

/* Whether anything is left in the folder is seen by rmdir. */
static void clean(const char *path, int depth, void *arg)
{
	unsigned *n = arg;
	struct stat st;

	if (lstat(path, &st) < 0)
		return;
	if (S_ISDIR(st.st_mode)) {
		each(path, depth + 1, clean, arg);
		*n += !is_known(path) && rmdir(path) == 0;
	} else if (!is_known(path) && !is_kernels(path, &st)) {
		*n += unlink(path) == 0;
	}
}

static bool make(const struct device *dev)
{
	int ret = S_ISDIR(dev->mode) ? mkdir(dev->path, dev->mode & 07777) :
				       mknod(dev->path, dev->mode, dev->rdev);

	return ret == 0;
}

/* False when it was as it should be. */
static bool restore(const struct device *dev)
{
	unsigned removed = 0;
	bool made = false;
	struct stat st;

	if (lstat(dev->path, &st) == 0 &&
	    ((st.st_mode ^ dev->mode) & S_IFMT || st.st_rdev != dev->rdev)) {
		each(dev->path, 1, clean, &removed);
		if (remove(dev->path) < 0)
			return true;
	}
	if (lstat(dev->path, &st) < 0) {
		made = make(dev);
		if (!made || lstat(dev->path, &st) < 0)
			return true;
	}
	if (st.st_mode == dev->mode && st.st_uid == dev->uid && st.st_gid == dev->gid)
		return made;
	if (chown(dev->path, dev->uid, dev->gid) < 0)
		return true;
	chmod(dev->path, dev->mode & 07777);
	return true;
}

void devices_restore(const struct teller *t)
{
	unsigned removed = 0;

	each(DEV, 0, clean, &removed);
	if (removed)
		tell(t, "removed files from " DEV ", %u", removed);
	for (size_t i = 0; i < ndevices; i++)
		if (restore(&devices[i]))
			tell(t, "put %s back as it was", devices[i].path);
}
