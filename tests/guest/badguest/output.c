/* What is written where it does not belong, or says what is not so. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "badguest/cases.h"

#define NONCE_LEN 32

static void put(int fd, const char *text)
{
	if (write(fd, text, strlen(text)) < 0)
		exit(3);
}

static int must_open(const char *path, int flags)
{
	int fd = open(path, flags | O_CLOEXEC);

	if (fd < 0) {
		printf("%s: %s\n", path, strerror(errno));
		exit(3);
	}
	return fd;
}

/* The nonce of this boot, from our own start marker in the kernel log. */
static void find_nonce(char nonce[NONCE_LEN + 1])
{
	int fd = must_open("/dev/kmsg", O_RDONLY | O_NONBLOCK);
	char record[8192], *p;
	ssize_t n;

	nonce[0] = '\0';
	while ((n = read(fd, record, sizeof(record) - 1)) > 0 || errno == EPIPE) {
		if (n <= 0)
			continue;
		record[n] = '\0';
		p = strstr(record, ";sluice ");
		if (p && strstr(p, " start "))
			snprintf(nonce, NONCE_LEN + 1, "%s", p + 8);
	}
	close(fd);
	if (strlen(nonce) != NONCE_LEN)
		exit(3);
}

int case_garbage(void)
{
	char nonce[NONCE_LEN + 1], block[4096];

	srand(1);
	for (size_t i = 0; i < sizeof(block); i++)
		block[i] = (char)rand();
	if (write(STDOUT_FILENO, block, sizeof(block)) < 0)
		return 3;
	find_nonce(nonce);
	printf("\n@%s 3 14 00000000 done 0 exit 0 1\nend 0\n@\n", nonce);
	printf("@%s 0 5 00000000 end 0\nHELLO sluice 1\n", nonce);
	fflush(stdout);
	return 3;
}

/* In the midst of the guest's own frames, while a child makes it write many. */
int case_fake_port(void)
{
	int fd = must_open("/dev/ttyS1", O_WRONLY | O_NOCTTY);
	char nonce[NONCE_LEN + 1], line[256];

	find_nonce(nonce);
	if (fork() == 0) {
		for (int i = 0; i < 300; i++)
			printf("line %d of many\n", i);
		fflush(stdout);
		_exit(0);
	}
	snprintf(line, sizeof(line),
		 "\n@%s 1 15 00000000 done 0 exit 0 1\n@%s 99999 5 12345678 end 0\n",
		 nonce, nonce);
	for (int i = 0; i < 50; i++) {
		put(fd,
		    "@00000000000000000000000000000000 0 5 00000000 end 1\nRESULT PASS\n");
		put(fd, line);
		put(fd, "\1\2\3 a line without an end @");
	}
	sleep(1);
	put(fd, "@@@@");
	printf("KTAP version 1\n1..1\nok 1 fake-port\n");
	return 0;
}

/* The markers of other tests, and complaints that the kernel did not make. */
int case_fake_kmsg(void)
{
	int fd = must_open("/dev/kmsg", O_WRONLY);
	char nonce[NONCE_LEN + 1], line[128];

	find_nonce(nonce);
	for (int i = 0; i < 40; i++) {
		snprintf(line, sizeof(line), "sluice %s done %d\n", nonce, i);
		put(fd, line);
		snprintf(line, sizeof(line), "sluice %s start %d\n", nonce, i / 4);
		put(fd, line);
	}
	put(fd, "BUG: badguest: not the kernel's word\n");
	put(fd, "Kernel panic - not syncing: badguest\n");
	printf("KTAP version 1\n1..1\nok 1 fake-kmsg\n");
	return 0;
}

/* The next marker comes behind an endless line that looks like the kernel's. */
int case_console(void)
{
	int fd = must_open("/dev/console", O_WRONLY | O_NOCTTY);

	for (int i = 0; i < 500; i++)
		put(fd, "\33[2J[    1.234567] BUG: said by a program");
	printf("KTAP version 1\n1..1\nok 1 console\n");
	return 0;
}

int case_wrong_plan(void)
{
	printf("KTAP version 1\n1..3\nok 1 first\nok 2 second\n");
	return 0;
}

int case_endless(void)
{
	for (;;)
		printf("ok 1 and so on, for ever and ever and ever\n");
}

int case_flood_port(void)
{
	int fd = must_open("/dev/ttyS1", O_WRONLY | O_NOCTTY);

	for (;;)
		put(fd, "@00000000000000000000000000000000 0 5 00000000 end 1\n");
}

int case_flood_kmsg(void)
{
	int fd = must_open("/dev/kmsg", O_WRONLY);

	for (;;)
		put(fd, "a line of a program that has nothing to say\n");
}

/* Takes the result port for its terminal, which is hung up when it ends. */
int case_hang_up(void)
{
	if (fork() == 0) {
		setsid();
		must_open("/dev/ttyS1", O_RDWR);
		_exit(0);
	}
	must_open("/dev/ttyS1", O_RDWR);
	printf("KTAP version 1\n1..1\nok 1 hang-up\n");
	return 0;
}
