/*
 * The result port: the second serial line, where nothing but our frames runs.
 * Plain bytes before the plan came, frames after it:
 *
 *   \n@<nonce> <seq> <len> <crc32 hex of payload> <payload>\n
 *
 * seq counts from 0. A payload holds no newline. Writing blocks until the host
 * took the bytes. Without a port (no such device) everything is dropped.
 */
#ifndef SLUICE_INIT_PORT_H
#define SLUICE_INIT_PORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PORT_NONCE_MAX 64
#define PORT_PAYLOAD_MAX 2048

/* Opens and sets the line raw. 0, or -errno. */
int port_open(const char *path);
/* Undoes what a test, which is root, may have done to the line. */
void port_mend(void);
/* By hand (sluice repro): payloads go there as plain lines, nothing is read. */
void port_open_plain(const char *path);
/* From here on frames carry it; the counter starts anew. */
void port_set_nonce(const char *nonce);
const char *port_nonce(void);
void port_write(const void *data, size_t len);
/* Waits at most timeout_ms for bytes: how many came, 0 for none. */
size_t port_read(void *buf, size_t size, int timeout_ms);
/* Payloads over PORT_PAYLOAD_MAX are cut. */
void port_frame(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void port_frame_bytes(const char *payload, size_t len);
/* Until the last byte left the wire. */
void port_drain(void);

/* CRC-32 as in zlib and Ethernet (reflected 0xedb88320). */
uint32_t crc32_of(const void *data, size_t len);

#endif
