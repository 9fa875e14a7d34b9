// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Secrets where a kernel keeps them: key rings, AF_ALG, dm-crypt, TLS, arguments and
 * environment of a process. Each is 16 to 32 letters that are worked out when they are
 * needed and wiped afterwards, so that the only copy in memory is the kernel's.
 *
 *	secrets KIND...		keep them for ever; prints a line per kind that could be
 *	secrets wait ...	the process with the argument
 *	secrets hide ...	the same without access to its own argument: its page is
 *				there, but its page table entry does not say so
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/dm-ioctl.h>
#include <linux/if_alg.h>
#include <linux/keyctl.h>
#include <linux/tls.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <pthread.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#ifndef SOL_TLS
#define SOL_TLS 282
#endif
#ifndef TCP_ULP
#define TCP_ULP 31
#endif

/* One buffer for all, wiped by whoever used it. */
static char secret[64];
static char room[4096];

/* Letters that only this kind has; tests/vm/verify/erase.py works out the same. */
static void secret_make(const char *kind, char *to, size_t length)
{
	uint32_t state = 2166136261u;

	for (; *kind; kind++)
		state = (state ^ (unsigned char)*kind) * 16777619u;
	for (size_t i = 0; i < length; i++) {
		state = state * 1664525u + 1013904223u;
		to[i] = (char)('a' + (state >> 16) % 26);
	}
}

static void wipe(void)
{
	explicit_bzero(secret, sizeof(secret));
	explicit_bzero(room, sizeof(room));
}

static int keep_key(const char *kind)
{
	char description[32];

	snprintf(description, sizeof(description), "mdf:%s", kind);
	secret_make(kind, secret, 32);
	return syscall(SYS_add_key, kind, description, secret, (size_t)32, KEY_SPEC_PROCESS_KEYRING) < 0;
}

static int keep_alg(const char *kind)
{
	struct sockaddr_alg address = { .salg_family = AF_ALG, .salg_type = "skcipher",
					.salg_name = "cbc(aes)" };
	int fd = socket(AF_ALG, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof(address)))
		return 1;
	secret_make(kind, secret, 16);
	return setsockopt(fd, SOL_ALG, ALG_SET_KEY, secret, 16) || accept(fd, NULL, NULL) < 0;
}

static int dm_call(int fd, unsigned long request, uint32_t flags)
{
	struct dm_ioctl *dm = (void *)room;

	memset(dm, 0, sizeof(*dm));
	dm->version[0] = DM_VERSION_MAJOR;
	dm->data_size = sizeof(room);
	dm->data_start = sizeof(*dm);
	dm->flags = flags;
	dm->target_count = request == DM_TABLE_LOAD;
	strcpy(dm->name, "mdfsecret");
	return ioctl(fd, request, dm);
}

/* The key is written in hexadecimal digits. */
static int keep_dm(const char *kind)
{
	struct dm_target_spec *target = (void *)(room + sizeof(struct dm_ioctl));
	char *params = (char *)(target + 1);
	int fd = open("/dev/mapper/control", O_RDWR | O_CLOEXEC);

	if (fd < 0 || dm_call(fd, DM_DEV_CREATE, 0))
		return 1;
	memset(room, 0, sizeof(room));
	target->length = 2048;
	strcpy(target->target_type, "crypt");
	strcpy(params, "aes-cbc-plain64 ");
	secret_make(kind, secret, 32);
	for (size_t i = 0; i < 32; i++)
		sprintf(params + strlen(params), "%02x", (unsigned char)secret[i]);
	strcat(params, " 0 /dev/ram0 0");
	if (dm_call(fd, DM_TABLE_LOAD, DM_SECURE_DATA_FLAG))
		return 1;
	return dm_call(fd, DM_DEV_SUSPEND, 0);
}

static void loopback_up(void)
{
	struct ifreq request = { .ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd >= 0)
		ioctl(fd, SIOCSIFFLAGS, &request);
	close(fd);
}

/* A connection to ourselves. */
static int connected(void)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
				       .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t size = sizeof(address);
	int server = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	loopback_up();
	if (bind(server, (struct sockaddr *)&address, size) || listen(server, 1) ||
	    getsockname(server, (struct sockaddr *)&address, &size) ||
	    connect(fd, (struct sockaddr *)&address, size))
		return -1;
	return fd;
}

static int keep_tls(const char *kind)
{
	struct tls12_crypto_info_aes_gcm_128 *info = (void *)room;
	int fd = connected(), bad;

	if (fd < 0 || setsockopt(fd, SOL_TCP, TCP_ULP, "tls", 4))
		return 1;
	memset(info, 0, sizeof(*info));
	info->info.version = TLS_1_2_VERSION;
	info->info.cipher_type = TLS_CIPHER_AES_GCM_128;
	secret_make(kind, (char *)info->key, sizeof(info->key));
	bad = setsockopt(fd, SOL_TLS, TLS_TX, info, sizeof(*info));
	return bad;
}

/* A process with the argument and the environment; both are gone here once it runs. */
static int run_process(char *how, const char *argument, const char *variable)
{
	char *arguments[] = { "secrets", how, secret, NULL };
	char *environment[] = { room, NULL };
	int ends[2];
	char c;

	if (pipe2(ends, O_CLOEXEC))
		return 1;
	secret_make(argument, secret, 32);
	strcpy(room, "TOKEN=");
	secret_make(variable, room + strlen(room), 32);
	if (fork() == 0) {
		execve("/proc/self/exe", arguments, environment);
		_exit(1);
	}
	close(ends[1]);
	/* The other end closes when the program runs. */
	return read(ends[0], &c, 1) != 0;
}

static int keep_process(const char *kind)
{
	(void)kind;
	return run_process("wait", "argument", "environment");
}

static int keep_hidden(const char *kind)
{
	(void)kind;
	return run_process("hide", "hidden-argument", "hidden-environment");
}

static void *wait_forever(void *arg)
{
	for (;;)
		pause();
	return arg;
}

/* The stack's last pages are the other thread's, so this one cannot miss them. */
static void *hide(void *arg)
{
	uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE), from = (uintptr_t)arg / page * page;

	sleep(1);
	while (mprotect((void *)from, page, PROT_NONE) == 0)
		from += page;
	return wait_forever(arg);
}

static const struct {
	const char *kind;
	int (*keep)(const char *kind);
} kinds[] = {
	{ "user", keep_key },
	{ "logon", keep_key },
	{ "alg", keep_alg },
	{ "dm", keep_dm },
	{ "tls", keep_tls },
	{ "process", keep_process },
	{ "hidden", keep_hidden },
};

int main(int argc, char **argv)
{
	pthread_t thread;

	if (argc > 2 && !strcmp(argv[1], "wait"))
		wait_forever(NULL);
	if (argc > 2 && !strcmp(argv[1], "hide") && !pthread_create(&thread, NULL, hide, argv[2]))
		wait_forever(NULL);
	for (int i = 1; i < argc; i++) {
		for (size_t j = 0; j < sizeof(kinds) / sizeof(kinds[0]); j++) {
			if (strcmp(argv[i], kinds[j].kind) != 0)
				continue;
			errno = 0;
			printf("MDFLAB secret %s %s\n", argv[i],
			       kinds[j].keep(argv[i]) ? strerror(errno) : "kept");
			fflush(stdout);
			wipe();
		}
	}
	for (;;)
		pause();
}
