// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What keys of the kernel's key rings hold. All keys are in one tree by serial number;
 * the type of a key says what its payload is.
 */
#include <inttypes.h>
#include <string.h>

#include "base/checked.h"
#include "erase/scrub_internal.h"

#define NAME_BYTES 32
#define SECRET_MAX (UINT64_C(1) << 20)	/* bytes; keys of users have 32 KiB at most */

/* CHACHA20POLY1305_KEY_SIZE: of what lies encrypted in a file (218e6424ef3f, "security/keys: rewrite big_key crypto to use library interface"). */
#define BIG_KEY_KEY_BYTES 32

enum { NODE, SERIAL, TYPE, PAYLOAD, DATALEN, TYPE_NAME, USER_LENGTH, USER_DATA, FIELDS };

static const struct field_name names[FIELDS] = {
	[NODE] = { .type = "key", .path = "serial_node" },
	[SERIAL] = { .type = "key", .path = "serial" },
	[TYPE] = { .type = "key", .path = "type" },
	[PAYLOAD] = { .type = "key", .path = "payload" },
	[DATALEN] = { .type = "key", .path = "datalen" },
	[TYPE_NAME] = { .type = "key_type", .path = "name" },
	[USER_LENGTH] = { .type = "user_key_payload", .path = "datalen" },
	[USER_DATA] = { .type = "user_key_payload", .path = "data" },
};

struct keyrings {
	struct scrub *scrub;
	struct kreader *reader;
	struct field fields[FIELDS];
};

/* One key. */
struct key {
	struct keyrings *rings;
	uint64_t serial;
	uint64_t payload;	/* its first word: where what it holds is */
	uint64_t payload_at;	/* where that word is */
	uint64_t datalen;
	char type[NAME_BYTES];
};

static struct err *scrub_bytes(const struct key *key, uint64_t va, uint64_t size, const char *what)
{
	struct scrub *scrub = key->rings->scrub;

	/* A length that damage made large must not cost all other memory. */
	size = erase_at_most(scrub->space, size, SECRET_MAX, "bytes of key %08" PRIx64, key->serial);
	return scrub_object(scrub, va, size, "key.%08" PRIx64 ".%s.%s", key->serial,
			    key->type, what);
}

/* What most types keep: its length, and behind it the bytes. Some count more for the quota. */
static bool is_user_payload(const struct key *key)
{
	struct keyrings *rings = key->rings;
	uint64_t length;
	struct err *e = field_read(rings->reader, &rings->fields[USER_LENGTH], key->payload, &length);

	err_free(e);
	return !e && length && length <= key->datalen;
}

static struct err *scrub_user(const struct key *key)
{
	const struct field *data = &key->rings->fields[USER_DATA];

	if (!is_user_payload(key)) {
		erase_doubt(key->rings->scrub->space, "key %08" PRIx64 " of type %s: its payload is not of"
			    " a form that is known", key->serial, key->type);
		return NULL;
	}
	return scrub_bytes(key, key->payload + data->offset, key->datalen, "payload");
}

/* Members of a payload struct: where something is, directly or behind a pointer, and how much. */
struct secret {
	const char *what;
	const char *data;
	bool is_pointer;
	const char *length;	/* NULL: the size of @data */
};

static struct err *scrub_secret(const struct key *key, const struct types *types, const char *type,
				const struct secret *secret)
{
	const struct field_name wanted[] = { { .type = type, .path = secret->data },
					     { .type = type, .path = secret->length ? secret->length :
										       secret->data } };
	struct kreader *reader = key->rings->reader;
	struct field fields[ARRAY_LEN(wanted)];
	uint64_t va, size;

	TRY(fields_find(types, wanted, ARRAY_LEN(wanted), fields));
	va = key->payload + fields[0].offset;
	size = fields[0].size;
	if (secret->length)
		TRY(field_read(reader, &fields[1], key->payload, &size));
	if (secret->is_pointer)
		TRY(field_read(reader, &fields[0], key->payload, &va));
	if (!scrub_is_pointer(key->rings->scrub, va))
		return NULL;
	return scrub_bytes(key, va, size, secret->what);
}

static struct err *scrub_secrets(const struct key *key, const char *module, const char *type,
				 const struct secret *secrets, size_t count)
{
	const struct types *types = scrub_types(key->rings->scrub, type, module);

	if (!types) {
		erase_doubt(key->rings->scrub->space, "key %08" PRIx64 " of type %s: struct %s is not known",
			    key->serial, key->type, type);
		return NULL;
	}
	for (size_t i = 0; i < count; i++)
		TRY(scrub_secret(key, types, type, &secrets[i]));
	return NULL;
}

static struct err *scrub_encrypted(const struct key *key)
{
	static const struct secret secrets[] = {
		{ .what = "payload", .data = "payload_data", .length = "payload_datalen" },
		{ .what = "decrypted", .data = "decrypted_data", .is_pointer = true,
		  .length = "decrypted_datalen" },
	};

	return scrub_secrets(key, "encrypted_keys", "encrypted_key_payload", secrets,
			     ARRAY_LEN(secrets));
}

static struct err *scrub_trusted(const struct key *key)
{
	static const struct secret secrets[] = { { .what = "payload", .data = "key" } };

	return scrub_secrets(key, "trusted", "trusted_key_payload", secrets, ARRAY_LEN(secrets));
}

/* Public keys are none's secret; private ones are marked. */
static struct err *scrub_asymmetric(const struct key *key)
{
	static const struct field_name private_name = { .type = "public_key", .path = "key_is_private" };
	static const struct secret secrets[] = { { .what = "private", .data = "key", .is_pointer = true,
						   .length = "keylen" } };
	const struct types *types = scrub_types(key->rings->scrub, "public_key", "public_key");
	struct field field;
	uint64_t is_private = 0;

	if (types) {
		TRY(fields_find(types, &private_name, 1, &field));
		TRY(field_read(key->rings->reader, &field, key->payload, &is_private));
	}
	return is_private ? scrub_secrets(key, "public_key", "public_key", secrets, ARRAY_LEN(secrets)) :
			    NULL;
}

/*
 * A small one is in memory; of a larger one that is in a file, encrypted, the key is. The
 * payload is four words: data, path of the file, length; a struct since v5.19.
 */
static struct err *scrub_big_key(const struct key *key)
{
	struct kreader *reader = key->rings->reader;
	uint64_t length, threshold = struct_size(key->rings->scrub->space->types, "inode") +
			     struct_size(key->rings->scrub->space->types, "dentry");

	TRY(kread_word(reader, key->payload_at + 3 * kreader_kernel(reader)->word, &length));
	return scrub_bytes(key, key->payload, length <= threshold ? length : BIG_KEY_KEY_BYTES,
			   "payload");
}

static struct err *scrub_none(const struct key *key)
{
	(void)key;
	return NULL;
}

static const struct {
	const char *type;
	struct err *(*scrub)(const struct key *key);
} types_known[] = {
	{ "keyring", scrub_none },
	{ "blacklist", scrub_none },
	{ ".request_key_auth", scrub_none },
	{ "asymmetric", scrub_asymmetric },
	{ "encrypted", scrub_encrypted },
	{ "trusted", scrub_trusted },
	{ "big_key", scrub_big_key },
};

static struct err *scrub_key(const struct key *key)
{
	for (size_t i = 0; i < ARRAY_LEN(types_known); i++) {
		if (!strcmp(key->type, types_known[i].type))
			return types_known[i].scrub(key);
	}
	return scrub_user(key);
}

static struct err *read_key(struct keyrings *rings, uint64_t address, struct key *key)
{
	struct kreader *reader = rings->reader;
	uint64_t type = 0, name = 0;

	key->rings = rings;
	key->payload_at = address + rings->fields[PAYLOAD].offset;
	TRY(field_read(reader, &rings->fields[SERIAL], address, &key->serial));
	TRY(field_read(reader, &rings->fields[DATALEN], address, &key->datalen));
	TRY(kread_word(reader, key->payload_at, &key->payload));
	TRY(field_read(reader, &rings->fields[TYPE], address, &type));
	TRY(field_read(reader, &rings->fields[TYPE_NAME], type, &name));
	return string_read(reader, name, key->type, sizeof(key->type));
}

static struct err *take_key(void *ctx, uint64_t address)
{
	struct keyrings *rings = ctx;
	struct key key = { 0 };
	struct err *e = read_key(rings, address, &key);

	/* A key that nobody gave a value, or that was refused one, has none. */
	if (!e && scrub_is_pointer(rings->scrub, key.payload))
		e = scrub_key(&key);
	return erase_forgive(rings->scrub->space, err_prepend(e, "key %08" PRIx64, key.serial));
}

struct err *scrub_keyrings(struct scrub *scrub)
{
	struct keyrings rings = { .scrub = scrub, .reader = scrub->space->reader };
	uint64_t root;

	TRY(fields_find(scrub->space->types, names, FIELDS, rings.fields));
	TRY(scrub_symbol(scrub, "key_serial_tree", NULL, &root));
	return tree_each(scrub->space, root, rings.fields[NODE].offset, "key rings", take_key, &rings);
}
