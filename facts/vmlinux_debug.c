/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where debug information lies that was cut out of a vmlinux (objcopy --only-keep-debug). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "facts/vmlinux_file.h"

#define DEBUG_ROOT "/usr/lib/debug"

/* What says that a file belongs to the one it was cut from. */
struct proof {
	uint8_t build_id[64];
	size_t build_id_len;
	bool has_crc;
	uint32_t crc;
};

/* The checksum of .gnu_debuglink: CRC-32 as in zlib, of all bytes of the file. */
static uint32_t crc_of(const struct vmlinux_file *file)
{
	size_t len = 0;
	const uint8_t *bytes = (const uint8_t *)elf_rawfile(file->elf, &len);
	uint32_t table[256], crc = ~UINT32_C(0);

	for (uint32_t i = 0; i < 256; i++) {
		table[i] = i;
		for (int bit = 0; bit < 8; bit++)
			table[i] = table[i] >> 1 ^ (table[i] & 1 ? UINT32_C(0xedb88320) : 0);
	}
	for (size_t i = 0; bytes && i < len; i++)
		crc = table[(crc ^ bytes[i]) & 0xff] ^ crc >> 8;
	return ~crc;
}

static bool belongs(const struct vmlinux_file *file, const struct proof *proof)
{
	uint8_t id[64];

	if (proof->build_id_len)
		return vmlinux_build_id(file, id) == proof->build_id_len &&
		       !memcmp(id, proof->build_id, proof->build_id_len);
	return proof->has_crc && crc_of(file) == proof->crc;
}

/* Take the file at @path when it is there and proves to be the right one. */
static struct err *try_path(struct vmlinux *vmlinux, const struct proof *proof, const char *path,
			    const struct log *log)
{
	struct vmlinux_file file;
	struct err *e;

	if (vmlinux->debug.elf)
		return NULL;
	e = vmlinux_file_open(path, &file);
	if (e) {
		if (err_kind(e) == ERR_NOMEM)
			return e;
		err_free(e);
		return NULL;
	}
	if (!belongs(&file, proof)) {
		log_warn(log, "%s: not the debug information of %s, not used", path,
			 vmlinux->main.path);
		vmlinux_file_close(&file);
		return NULL;
	}
	log_debug(log, "debug information of %s is in %s", vmlinux->main.path, path);
	vmlinux->debug = file;
	return NULL;
}

static struct err *try_build_id(struct vmlinux *vmlinux, const struct proof *proof,
				const struct log *log)
{
	char path[sizeof(DEBUG_ROOT "/.build-id/") + 2 * 64 + sizeof("/.debug")];
	int at = snprintf(path, sizeof(path), DEBUG_ROOT "/.build-id/");

	if (proof->build_id_len < 2)
		return NULL;
	for (size_t i = 0; i < proof->build_id_len; i++)
		at += snprintf(path + at, sizeof(path) - (size_t)at, "%s%02x", i == 1 ? "/" : "",
			       proof->build_id[i]);
	snprintf(path + at, sizeof(path) - (size_t)at, ".debug");
	return try_path(vmlinux, proof, path, log);
}

/* "%s%s%s" of the parts, where the debug file is tried. */
static struct err *try_parts(struct vmlinux *vmlinux, const struct proof *proof,
			     const struct log *log, const char *const parts[4])
{
	char *path;
	struct err *e;

	if (asprintf(&path, "%s%s%s%s", parts[0], parts[1], parts[2], parts[3]) < 0)
		return err_nomem;
	e = try_path(vmlinux, proof, path, log);
	free(path);
	return e;
}

/* The three places of .gnu_debuglink, relative to where the file really is. */
static struct err *try_link(struct vmlinux *vmlinux, const struct proof *proof, const char *name,
			    const struct log *log)
{
	char *real = realpath(vmlinux->main.path, NULL);
	char *slash = real ? strrchr(real, '/') : NULL;
	struct err *e;

	if (!slash) {
		free(real);
		return NULL;
	}
	*slash = '\0';
	e = try_parts(vmlinux, proof, log, (const char *const[]){ real, "/", name, "" });
	if (!e)
		e = try_parts(vmlinux, proof, log,
			      (const char *const[]){ real, "/.debug/", name, "" });
	if (!e)
		e = try_parts(vmlinux, proof, log,
			      (const char *const[]){ DEBUG_ROOT, real, "/", name });
	free(real);
	return e;
}

/* The name in .gnu_debuglink, behind which stands the checksum at the next multiple of 4; NULL without. */
static const char *debug_link(const struct vmlinux *vmlinux, struct proof *proof)
{
	GElf_Shdr shdr;
	Elf_Scn *scn = vmlinux_section(&vmlinux->main, ".gnu_debuglink", &shdr);
	Elf_Data *data = scn ? elf_rawdata(scn, NULL) : NULL;
	const char *name = data ? data->d_buf : NULL;
	size_t len = name ? strnlen(name, data->d_size) : 0;
	size_t at = (len + 4) & ~(size_t)3;

	if (!len || at + 4 > data->d_size || strchr(name, '/'))
		return NULL;
	proof->has_crc = true;
	proof->crc = get_u32(name + at, vmlinux->order);
	return name;
}

struct err *vmlinux_find_debug(struct vmlinux *vmlinux, const struct log *log)
{
	struct proof proof = { .build_id_len = vmlinux->build_id_len };
	const char *name;

	memcpy(proof.build_id, vmlinux->build_id, sizeof(proof.build_id));
	TRY(try_build_id(vmlinux, &proof, log));
	name = debug_link(vmlinux, &proof);
	return name ? try_link(vmlinux, &proof, name, log) : NULL;
}
