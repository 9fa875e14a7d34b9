// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Keys in sockets that tasks have open: the transform behind an AF_ALG socket, and
 * those of TLS in the kernel with its crypto_info.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/checked.h"
#include "erase/scrub_internal.h"
#include "erase/tasks.h"

#define FAMILY_INET 2
#define FAMILY_INET6 10
#define FAMILY_ALG 38
#define PROTOCOL_TCP 6
#define TYPE_STREAM 1

#define FILES_MAX (1u << 20)	/* of one table; the kernel's own limit (fs.nr_open) by default */

enum { FDT, MAX_FDS, FD, F_OP, PRIVATE_DATA, SK, FAMILY, SK_TYPE, SK_PROTOCOL, ULP_OPS, ULP_DATA, ULP_NAME,
       FIELDS };

static const struct field_name names[FIELDS] = {
	[FDT] = { .type = "files_struct", .path = "fdt" },
	[MAX_FDS] = { .type = "fdtable", .path = "max_fds" },
	[FD] = { .type = "fdtable", .path = "fd" },
	[F_OP] = { .type = "file", .path = "f_op" },
	[PRIVATE_DATA] = { .type = "file", .path = "private_data" },
	[SK] = { .type = "socket", .path = "sk" },
	[FAMILY] = { .type = "sock", .path = "__sk_common.skc_family" },
	/* Whole members since v5.6, bf9765145b85 ("sock: Make sk_protocol a 16-bit value"). */
	[SK_TYPE] = { .type = "sock", .path = "sk_type", .optional = true },
	[SK_PROTOCOL] = { .type = "sock", .path = "sk_protocol", .optional = true },
	[ULP_OPS] = { .type = "inet_connection_sock", .path = "icsk_ulp_ops", .optional = true },
	[ULP_DATA] = { .type = "inet_connection_sock", .path = "icsk_ulp_data", .optional = true },
	[ULP_NAME] = { .type = "tcp_ulp_ops", .path = "name", .optional = true },
};

enum { ALG_PARENT, ALG_PRIVATE, ALG_FIELDS };
static const struct field_name alg_names[ALG_FIELDS] = {
	[ALG_PARENT] = { .type = "alg_sock", .path = "parent" },
	[ALG_PRIVATE] = { .type = "alg_sock", .path = "private" },
};

enum { TLS_SEND, TLS_RECEIVE, TLS_PRIVATE_SEND, TLS_PRIVATE_RECEIVE, TLS_FIELDS };
static const struct field_name tls_names[TLS_FIELDS] = {
	[TLS_SEND] = { .type = "tls_context", .path = "crypto_send" },
	[TLS_RECEIVE] = { .type = "tls_context", .path = "crypto_recv" },
	[TLS_PRIVATE_SEND] = { .type = "tls_context", .path = "priv_ctx_tx" },
	[TLS_PRIVATE_RECEIVE] = { .type = "tls_context", .path = "priv_ctx_rx" },
};

struct sockets {
	struct scrub *scrub;
	struct kreader *reader;
	struct crypto *crypto;		/* NULL: the kernel has none */
	struct field fields[FIELDS];
	struct field alg[ALG_FIELDS];
	struct field tls[TLS_FIELDS];
	uint64_t tls_send_bytes, tls_receive_bytes;	/* of what priv_ctx_ point to */
	bool has_alg, has_tls;
	uint64_t socket_ops;		/* f_op of a socket's file */
	uint64_t last_files;		/* threads of a process follow each other */
	uint64_t pid;
};

/* What an AF_ALG socket has: the transform, or a struct that points to it. */
static struct err *scrub_alg_private(struct sockets *s, uint64_t sk)
{
	uint64_t private;
	char owner[48];

	TRY(field_read(s->reader, &s->alg[ALG_PRIVATE], sk, &private));
	if (!scrub_is_pointer(s->scrub, private) || !s->crypto)
		return NULL;
	snprintf(owner, sizeof(owner), "process.%" PRIu64 ".af_alg", s->pid);
	TRY(crypto_scrub(s->crypto, private, owner));
	/* aead_tfm until v6.13, rng_parent_ctx. */
	return crypto_scrub_inside(s->crypto, private, 64, owner);
}

static struct err *scrub_alg(struct sockets *s, uint64_t sk)
{
	uint64_t parent;

	if (!s->has_alg) {
		erase_doubt(s->scrub->space, "AF_ALG socket of process %" PRIu64 ": struct alg_sock is not "
			    "known", s->pid);
		return NULL;
	}
	TRY(scrub_alg_private(s, sk));
	/* One that was accepted: the key belongs to the one it came of. */
	TRY(field_read(s->reader, &s->alg[ALG_PARENT], sk, &parent));
	return scrub_is_pointer(s->scrub, parent) ? scrub_alg_private(s, parent) : NULL;
}

static struct err *scrub_tls_side(struct sockets *s, uint64_t context, unsigned int info,
				  unsigned int private, uint64_t private_bytes, const char *side)
{
	uint64_t at;
	char owner[48];

	snprintf(owner, sizeof(owner), "process.%" PRIu64 ".tls.%s", s->pid, side);
	TRY(scrub_object(s->scrub, context + s->tls[info].offset, s->tls[info].size, "%s.crypto_info",
			 owner));
	TRY(field_read(s->reader, &s->tls[private], context, &at));
	return s->crypto && scrub_is_pointer(s->scrub, at) ?
	       crypto_scrub_inside(s->crypto, at, private_bytes, owner) : NULL;
}

static struct err *scrub_tls(struct sockets *s, uint64_t context)
{
	if (!s->has_tls) {
		erase_doubt(s->scrub->space, "TLS socket of process %" PRIu64 ": struct tls_context is not "
			    "known", s->pid);
		return NULL;
	}
	TRY(scrub_tls_side(s, context, TLS_SEND, TLS_PRIVATE_SEND, s->tls_send_bytes, "send"));
	return scrub_tls_side(s, context, TLS_RECEIVE, TLS_PRIVATE_RECEIVE, s->tls_receive_bytes,
			      "receive");
}

static struct err *scrub_tcp(struct sockets *s, uint64_t sk)
{
	uint64_t type, protocol, ops, context;
	char name[8];

	if (!s->fields[SK_TYPE].there || !s->fields[SK_PROTOCOL].there || !s->fields[ULP_OPS].there ||
	    !s->fields[ULP_DATA].there || !s->fields[ULP_NAME].there)
		return NULL;
	TRY(field_read(s->reader, &s->fields[SK_TYPE], sk, &type));
	TRY(field_read(s->reader, &s->fields[SK_PROTOCOL], sk, &protocol));
	if (type != TYPE_STREAM || protocol != PROTOCOL_TCP)
		return NULL;
	TRY(field_read(s->reader, &s->fields[ULP_OPS], sk, &ops));
	if (!scrub_is_pointer(s->scrub, ops))
		return NULL;
	TRY(string_read(s->reader, ops + s->fields[ULP_NAME].offset, name, sizeof(name)));
	TRY(field_read(s->reader, &s->fields[ULP_DATA], sk, &context));
	return !strcmp(name, "tls") && scrub_is_pointer(s->scrub, context) ? scrub_tls(s, context) : NULL;
}

static struct err *scrub_file(struct sockets *s, uint64_t file)
{
	uint64_t ops, socket, sk, family;

	TRY(field_read(s->reader, &s->fields[F_OP], file, &ops));
	if (ops != s->socket_ops)
		return NULL;
	TRY(field_read(s->reader, &s->fields[PRIVATE_DATA], file, &socket));
	TRY(field_read(s->reader, &s->fields[SK], socket, &sk));
	if (!scrub_is_pointer(s->scrub, sk))
		return NULL;
	TRY(field_read(s->reader, &s->fields[FAMILY], sk, &family));
	if (family == FAMILY_ALG)
		return scrub_alg(s, sk);
	return family == FAMILY_INET || family == FAMILY_INET6 ? scrub_tcp(s, sk) : NULL;
}

static struct err *scrub_files(struct sockets *s, uint64_t files)
{
	unsigned int word = kreader_kernel(s->reader)->word;
	uint64_t fdt, count, table, file;

	TRY(field_read(s->reader, &s->fields[FDT], files, &fdt));
	TRY(field_read(s->reader, &s->fields[MAX_FDS], fdt, &count));
	TRY(field_read(s->reader, &s->fields[FD], fdt, &table));
	count = erase_at_most(s->scrub->space, count, FILES_MAX, "open files of process %" PRIu64, s->pid);
	for (uint64_t i = 0; i < count && erase_step(s->scrub->space); i++) {
		TRY(kread_word(s->reader, table + i * word, &file));
		if (scrub_is_pointer(s->scrub, file))
			TRY(erase_forgive(s->scrub->space, err_prepend(scrub_file(s, file),
								       "file %" PRIu64, i)));
	}
	return NULL;
}

static struct err *take_task(void *ctx, const struct task *task)
{
	struct sockets *s = ctx;

	if (!task->files || task->files == s->last_files)
		return NULL;
	s->last_files = task->files;
	s->pid = task->pid;
	return erase_forgive(s->scrub->space, err_prepend(scrub_files(s, task->files),
							  "files of process %" PRIu64, task->pid));
}

/* Structs that may be a module's; whoever has no such sockets lacks them. */
static bool find_in_module(struct sockets *s, const char *type, const char *module,
			   const struct field_name *wanted, size_t count, struct field *ret,
			   const struct types **types)
{
	struct err *e;

	*types = scrub_types(s->scrub, type, module);
	if (!*types)
		return false;
	e = fields_find(*types, wanted, count, ret);
	err_free(e);
	return !e;
}

static struct err *walk(struct sockets *s)
{
	const struct types *types;
	struct err *e;

	s->has_alg = find_in_module(s, "alg_sock", "af_alg", alg_names, ALG_FIELDS, s->alg, &types);
	s->has_tls = find_in_module(s, "tls_context", "tls", tls_names, TLS_FIELDS, s->tls, &types);
	if (s->has_tls) {
		s->tls_send_bytes = struct_size(types, "tls_sw_context_tx");
		s->tls_receive_bytes = struct_size(types, "tls_sw_context_rx");
	}
	e = crypto_get(s->scrub, &s->crypto);
	if (e && err_kind(e) != ERR_NOT_FOUND)
		return e;
	err_free(e);
	return tasks_each(s->scrub->space, take_task, s);
}

struct err *scrub_sockets(struct scrub *scrub)
{
	struct sockets s = { .scrub = scrub, .reader = scrub->space->reader };

	TRY(fields_find(scrub->space->types, names, FIELDS, s.fields));
	TRY(scrub_symbol(scrub, "socket_file_ops", NULL, &s.socket_ops));
	return walk(&s);
}
