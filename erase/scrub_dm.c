// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Keys of dm-crypt: those that its targets hold, and their transforms. Devices are found by
 * the tree of their names.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/checked.h"
#include "erase/scrub_internal.h"

#define TARGETS_MAX 65536u
#define TRANSFORMS_MAX 64u	/* of one target: loop-AES has 64 */
#define KEY_MAX 4096u

enum { NAME_NODE, CELL_MD, FIELDS_CELL };
static const struct field_name cell_names[FIELDS_CELL] = {
	/* A tree since v5.12, b82096afc8af ("dm ioctl: replace device hash with red-black tree"). */
	[NAME_NODE] = { .type = "hash_cell", .path = "name_node", .optional = true },
	[CELL_MD] = { .type = "hash_cell", .path = "md" },
};

/* Before: lists by the hash of the name. */
static const struct field_name list_name = { .type = "hash_cell", .path = "name_list" };
#define HASH_BUCKETS 64u

enum { MD_MAP, TABLE_COUNT, TABLE_TARGETS, TARGET_TYPE, TARGET_PRIVATE, TYPE_NAME, FIELDS_DM };
static const struct field_name dm_names[FIELDS_DM] = {
	[MD_MAP] = { .type = "mapped_device", .path = "map" },
	[TABLE_COUNT] = { .type = "dm_table", .path = "num_targets" },
	[TABLE_TARGETS] = { .type = "dm_table", .path = "targets" },
	[TARGET_TYPE] = { .type = "dm_target", .path = "type" },
	[TARGET_PRIVATE] = { .type = "dm_target", .path = "private" },
	[TYPE_NAME] = { .type = "target_type", .path = "name" },
};

enum { KEY_SIZE, KEY, TFMS, TFMS_COUNT, FIELDS_CRYPT };
static const struct field_name crypt_names[FIELDS_CRYPT] = {
	[KEY_SIZE] = { .type = "crypt_config", .path = "key_size" },
	[KEY] = { .type = "crypt_config", .path = "key" },
	[TFMS] = { .type = "crypt_config", .path = "cipher_tfm" },
	[TFMS_COUNT] = { .type = "crypt_config", .path = "tfms_count" },
};

struct devices {
	struct scrub *scrub;
	struct kreader *reader;
	struct crypto *crypto;
	struct field cell[FIELDS_CELL], dm[FIELDS_DM], crypt[FIELDS_CRYPT];
	uint64_t target_bytes;
	uint64_t name_list;	/* offset in a hash_cell */
	bool has_crypt;
	uint64_t number;	/* of the target, for its name in the text */
};

static struct err *scrub_transforms(struct devices *d, uint64_t config, const char *owner)
{
	unsigned int word = kreader_kernel(d->reader)->word;
	uint64_t table, count, tfm;

	TRY(field_read(d->reader, &d->crypt[TFMS], config, &table));
	TRY(field_read(d->reader, &d->crypt[TFMS_COUNT], config, &count));
	count = erase_at_most(d->scrub->space, count, TRANSFORMS_MAX, "transforms of %s", owner);
	for (uint64_t i = 0; table && i < count; i++) {
		TRY(kread_word(d->reader, table + i * word, &tfm));
		TRY(crypto_scrub(d->crypto, tfm, owner));
	}
	return NULL;
}

static struct err *scrub_config(struct devices *d, uint64_t config)
{
	uint64_t size;
	char owner[32];

	if (!d->has_crypt) {
		erase_doubt(d->scrub->space, "dm-crypt: struct crypt_config is not known");
		return NULL;
	}
	snprintf(owner, sizeof(owner), "dm-crypt.%" PRIu64, d->number++);
	TRY(field_read(d->reader, &d->crypt[KEY_SIZE], config, &size));
	size = erase_at_most(d->scrub->space, size, KEY_MAX, "bytes of the key of %s", owner);
	TRY(scrub_object(d->scrub, config + d->crypt[KEY].offset, size, "%s.key", owner));
	return scrub_transforms(d, config, owner);
}

static struct err *scrub_target(struct devices *d, uint64_t target)
{
	uint64_t type, name_at, private;
	char name[16];

	TRY(field_read(d->reader, &d->dm[TARGET_TYPE], target, &type));
	TRY(field_read(d->reader, &d->dm[TYPE_NAME], type, &name_at));
	TRY(string_read(d->reader, name_at, name, sizeof(name)));
	TRY(field_read(d->reader, &d->dm[TARGET_PRIVATE], target, &private));
	return !strcmp(name, "crypt") && scrub_is_pointer(d->scrub, private) ?
	       scrub_config(d, private) : NULL;
}

static struct err *scrub_device(struct devices *d, uint64_t cell)
{
	uint64_t md, table, count, targets;

	TRY(field_read(d->reader, &d->cell[CELL_MD], cell, &md));
	TRY(field_read(d->reader, &d->dm[MD_MAP], md, &table));
	if (!scrub_is_pointer(d->scrub, table))
		return NULL;
	TRY(field_read(d->reader, &d->dm[TABLE_COUNT], table, &count));
	TRY(field_read(d->reader, &d->dm[TABLE_TARGETS], table, &targets));
	count = erase_at_most(d->scrub->space, count, TARGETS_MAX, "targets of a mapped device");
	for (uint64_t i = 0; i < count; i++)
		TRY(scrub_target(d, targets + i * d->target_bytes));
	return NULL;
}

static struct err *take_cell(void *ctx, uint64_t cell)
{
	struct devices *d = ctx;

	return erase_forgive(d->scrub->space, err_prepend(scrub_device(d, cell), "mapped device"));
}

/* Where the structs are known; they may be modules'. */
static struct err *find_fields(struct devices *d, const struct types *dm)
{
	const struct types *types = scrub_types(d->scrub, "crypt_config", "dm_crypt");
	const struct types *md = scrub_types(d->scrub, "mapped_device", "dm_mod");
	struct field field;
	struct err *e;

	if (!md)
		return err_new(ERR_UNSUPPORTED, "struct mapped_device is not known");
	TRY(fields_find(dm, cell_names, FIELDS_CELL, d->cell));
	TRY(fields_find(md, dm_names, FIELDS_DM, d->dm));
	d->target_bytes = struct_size(md, "dm_target");
	if (types) {
		e = fields_find(types, crypt_names, FIELDS_CRYPT, d->crypt);
		d->has_crypt = !e;
		err_free(e);
	}
	if (d->cell[NAME_NODE].there)
		return NULL;
	TRY(fields_find(dm, &list_name, 1, &field));
	d->name_list = field.offset;
	return NULL;
}

static struct err *walk_lists(struct devices *d, uint64_t buckets)
{
	uint64_t bytes = 2 * kreader_kernel(d->reader)->word;

	for (uint64_t i = 0; i < HASH_BUCKETS; i++)
		TRY(list_each(d->scrub->space, buckets + i * bytes, d->name_list, "mapped devices", take_cell,
			      d));
	return NULL;
}

static struct err *walk(struct devices *d)
{
	const char *symbol = d->cell[NAME_NODE].there ? "name_rb_tree" : "_name_buckets";
	uint64_t address;

	TRY(scrub_symbol(d->scrub, symbol, "dm_mod", &address));
	TRY(crypto_get(d->scrub, &d->crypto));
	return d->cell[NAME_NODE].there ?
	       tree_each(d->scrub->space, address, d->cell[NAME_NODE].offset, "mapped devices",
			 take_cell, d) :
	       walk_lists(d, address);
}

struct err *scrub_dm_crypt(struct scrub *scrub)
{
	const struct types *dm = scrub_types(scrub, "hash_cell", "dm_mod");
	struct devices d = { .scrub = scrub, .reader = scrub->space->reader };
	uint64_t builtin;

	/* Types that are nowhere may be those of a module without BTF. */
	if (!dm && !scrub_is_loaded(scrub, "dm_mod") &&
	    !erase_symbol(scrub->space, "dm_table_destroy", &builtin))
		return err_new(ERR_NOT_FOUND, "the device mapper is not loaded");
	if (!dm) {
		erase_doubt(scrub->space, "dm-crypt: struct hash_cell of the device mapper is not known");
		return NULL;
	}
	TRY(find_fields(&d, dm));
	return walk(&d);
}
