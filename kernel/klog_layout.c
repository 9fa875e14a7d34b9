/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Shape of the printk ring buffer, from facts: its structs differ by version and configuration. */
#include "base/checked.h"
#include "kernel/klog_ring.h"

/* No struct of the ring comes near this. */
#define STRUCT_MAX 4096

struct layout_fact {
	enum fact_kind kind;	/* FACT_SIZE or FACT_OFFSET */
	const char *name;
	size_t field;		/* of struct klog_layout */
};

#define FIELD(f) offsetof(struct klog_layout, f)

static const struct layout_fact layout_facts[] = {
	{ FACT_OFFSET, "printk_ringbuffer.desc_ring", FIELD(rb_desc_ring) },
	{ FACT_OFFSET, "printk_ringbuffer.text_data_ring", FIELD(rb_text_ring) },
	{ FACT_OFFSET, "prb_desc_ring.count_bits", FIELD(dr_count_bits) },
	{ FACT_OFFSET, "prb_desc_ring.descs", FIELD(dr_descs) },
	{ FACT_OFFSET, "prb_desc_ring.infos", FIELD(dr_infos) },
	{ FACT_OFFSET, "prb_desc_ring.head_id", FIELD(dr_head) },
	{ FACT_OFFSET, "prb_desc_ring.tail_id", FIELD(dr_tail) },
	{ FACT_OFFSET, "prb_data_ring.size_bits", FIELD(tr_size_bits) },
	{ FACT_OFFSET, "prb_data_ring.data", FIELD(tr_data) },
	{ FACT_SIZE, "prb_desc", FIELD(desc_size) },
	{ FACT_OFFSET, "prb_desc.state_var", FIELD(desc_state) },
	{ FACT_OFFSET, "prb_desc.text_blk_lpos", FIELD(desc_blk) },
	{ FACT_OFFSET, "prb_data_blk_lpos.begin", FIELD(blk_begin) },
	{ FACT_OFFSET, "prb_data_blk_lpos.next", FIELD(blk_next) },
	{ FACT_SIZE, "printk_info", FIELD(info_size) },
	{ FACT_OFFSET, "printk_info.ts_nsec", FIELD(info_ts) },
	{ FACT_OFFSET, "printk_info.text_len", FIELD(info_text_len) },
	{ FACT_OFFSET, "atomic_long_t.counter", FIELD(counter) },
};

static struct err *take_fact(const struct facts *facts, const struct layout_fact *want,
			     struct klog_layout *lay)
{
	const char *kind = want->kind == FACT_SIZE ? "SIZE" : "OFFSET";
	uint64_t value = 0;
	bool known;

	if (want->kind == FACT_SIZE)
		known = fact_size(facts, want->name, &value);
	else
		known = fact_offset(facts, want->name, &value);
	if (!known)
		return err_new(ERR_NOT_FOUND, "kernel log: %s(%s) is not known", kind, want->name);
	if (value > STRUCT_MAX)
		return err_new(ERR_BAD_INPUT, "kernel log: %s(%s)=%llu is more than %u", kind,
			       want->name, (unsigned long long)value, STRUCT_MAX);
	*(uint64_t *)((char *)lay + want->field) = value;
	return NULL;
}

/* Members end inside their struct, so that a slot of a window holds them. */
static struct err *check_members(const struct klog_layout *lay, unsigned int word)
{
	uint64_t blk_end = lay->desc_blk + max_u64(lay->blk_begin, lay->blk_next) + word;
	uint64_t desc_end = max_u64(lay->desc_state + lay->counter + word, blk_end);
	uint64_t info_end = max_u64(lay->info_ts + 8, lay->info_text_len + 2);

	if (lay->has_caller)
		info_end = max_u64(info_end, lay->info_caller + 4);
	if (lay->has_seq)
		info_end = max_u64(info_end, lay->info_seq + 8);
	if (desc_end > lay->desc_size)
		return err_new(ERR_BAD_INPUT, "kernel log: SIZE(prb_desc)=%llu is less than its members need",
			       (unsigned long long)lay->desc_size);
	if (info_end > lay->info_size)
		return err_new(ERR_BAD_INPUT,
			       "kernel log: SIZE(printk_info)=%llu is less than its members need",
			       (unsigned long long)lay->info_size);
	return NULL;
}

struct err *klog_layout_init(const struct facts *facts, unsigned int word, struct klog_layout *ret)
{
	struct klog_layout lay = { .has_caller = false };

	for (size_t i = 0; i < ARRAY_LEN(layout_facts); i++)
		TRY(take_fact(facts, &layout_facts[i], &lay));
	/* A member of every printk_info, whatever CONFIG_PRINTK_CALLER is. */
	lay.has_caller = fact_offset(facts, "printk_info.caller_id", &lay.info_caller);
	if (lay.has_caller && lay.info_caller > STRUCT_MAX)
		return err_new(ERR_BAD_INPUT, "kernel log: OFFSET(printk_info.caller_id)=%llu is more than %u",
			       (unsigned long long)lay.info_caller, STRUCT_MAX);
	lay.has_seq = fact_offset(facts, "printk_info.seq", &lay.info_seq) &&
		      lay.info_seq <= STRUCT_MAX;
	TRY(check_members(&lay, word));
	*ret = lay;
	return NULL;
}
