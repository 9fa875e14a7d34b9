// SPDX-License-Identifier: GPL-2.0-or-later
/* /proc/kcore: recognised, and its program headers corrected by what the system says. */
#include "input/kcore.h"

#include <elf.h>
#include <stdlib.h>

#include "base/checked.h"
#include "tests/unit/elf_build.h"
#include "tests/unit/log_catch.h"
#include "tests/unit/unit.h"

#define UNKNOWN UINT64_MAX
#define DIRECT 0xffff888000000000ull	/* of the machine in these tests */
#define TEXT 0xffffffff81000000ull
#define HEAD 0x2000u			/* headers and notes in the file */
#define FILE_SIZE 0x42000u

static const struct elf_form form = { 8, ORDER_LITTLE };

/* A machine with RAM at 0x1000-0x9fc00 and 1 MiB-1.25 MiB, its image at 1 MiB. */
static const char iomem[] =
	"00000000-00000fff : Reserved\n"
	"00001000-0009fbff : System RAM\n"
	"0009fc00-000fffff : Reserved\n"
	"00100000-0013ffff : System RAM\n"
	"  00100000-0010ffff : Kernel code\n"
	"  00110000-0011ffff : Kernel data\n"
	"  00120000-0012ffff : Crash kernel\n"
	"100000000-1ffffffff : PCI Bus 0000:00\n";

struct world {
	uint8_t file[FILE_SIZE];
	struct elf_segment phdrs[8];
	size_t count;
	struct source *src;
	struct dump dump;
	struct elf_info *info;
	struct kcore_host host;
	struct log_catch caught;
};

static void add_area(struct world *w, uint64_t vaddr, uint64_t paddr, uint64_t size, uint64_t offset)
{
	w->phdrs[w->count++] = (struct elf_segment){
		.type = PT_LOAD, .flags = 7, .offset = offset, .vaddr = vaddr, .paddr = paddr,
		.filesz = size, .memsz = size, .align = 4096 };
}

/* The file as the kernel lists it: image, vmalloc, RAM. @tells: it has physical addresses. */
static void world_build(struct world *w, bool tells)
{
	uint8_t task[300] = { 1, 2, 3 };
	size_t at = 64 + 8 * 56, start = at;

	w->count = 1;
	add_area(w, TEXT, tells ? 0x100000 : 0, 0x30000, HEAD);
	add_area(w, 0xffffc90000000000ull, tells ? UNKNOWN : 0, (UINT64_C(1) << 45) - 1, 1ull << 44);
	add_area(w, DIRECT + 0x1000, tells ? 0x1000 : 0, 0x1000, HEAD + 0x30000);
	add_area(w, DIRECT + 0x2000, tells ? 0x2000 : 0, 0x9d000, HEAD + 0x31000);
	add_area(w, DIRECT + 0x100000, tells ? 0x100000 : 0, 0x40000, HEAD);
	at += put_note(w->file + at, form.order, "CORE", NT_PRSTATUS, task + 10, 112);
	at += put_note(w->file + at, form.order, "CORE", NT_TASKSTRUCT, task, sizeof(task));
	at += put_note(w->file + at, form.order, "OTHER", NT_PRSTATUS, task, 5);
	w->phdrs[0] = (struct elf_segment){ .type = PT_NOTE, .offset = start, .filesz = at - start };
	put_ehdr(w->file, form, EM_X86_64, 64, (uint16_t)w->count);
	for (size_t i = 0; i < w->count; i++)
		put_phdr(w->file + 64 + i * 56, form, &w->phdrs[i]);
}

/* @says: what /proc/iomem has. */
static void world_open(struct world *w, const char *says)
{
	log_catch_init(&w->caught);
	CHECK_OK(source_open_memory(w->file, sizeof(w->file), &w->src));
	w->dump = (struct dump){ .src = w->src, .log = &w->caught.log };
	CHECK_OK(elf_info_read(w->src, &w->caught.log, &w->info));
	CHECK_OK(kcore_host_add_iomem(&w->host, says, strlen(says)));
}

static void world_close(struct world *w)
{
	elf_info_destroy(w->info);
	source_destroy(w->src);
	kcore_host_deinit(&w->host);
	free(w);
}

static struct world *world_new(bool tells, const char *says)
{
	struct world *w = calloc(1, sizeof(*w));

	world_build(w, tells);
	world_open(w, says);
	return w;
}

/* The load at physical @paddr is there with these fields. */
static void check_load(const struct world *w, uint64_t paddr, uint64_t vaddr, uint64_t size,
		       uint64_t offset)
{
	for (size_t i = 0; i < w->info->segment_count; i++) {
		const struct elf_segment *seg = &w->info->segments[i];

		if (seg->type != PT_LOAD || seg->paddr != paddr || seg->vaddr != vaddr)
			continue;
		CHECK_EQ(seg->memsz, size);
		CHECK_EQ(seg->filesz, size);
		CHECK_EQ(seg->offset, offset);
		return;
	}
	printf("# no load at %#" PRIx64 " for %#" PRIx64 "\n", paddr, vaddr);
	CHECK(false);
}

static size_t count_known(const struct world *w)
{
	size_t known = 0;

	for (size_t i = 0; i < w->info->segment_count; i++)
		known += w->info->segments[i].type == PT_LOAD &&
			 w->info->segments[i].paddr != UNKNOWN;
	return known;
}

static void test_crash_kernel_is_cut_out(void)
{
	struct world *w = world_new(true, iomem);

	CHECK(kcore_is(w->info));
	CHECK_OK(kcore_correct(&w->dump, w->info, &w->host));
	/* Of the image and of the direct map what lies before it and behind it. */
	CHECK_EQ(count_known(w), 5);
	check_load(w, 0x100000, TEXT, 0x20000, HEAD);
	check_load(w, 0x100000, DIRECT + 0x100000, 0x20000, HEAD);
	check_load(w, 0x130000, DIRECT + 0x130000, 0x10000, HEAD + 0x30000);
	check_load(w, 0x1000, DIRECT + 0x1000, 0x1000, HEAD + 0x30000);
	CHECK(!w->dump.paddr_guessed);
	world_close(w);
}

static void test_crash_kernel_covers_loads(void)
{
	struct world *w = world_new(true, "00000000-7fffffff : Crash kernel\n");

	CHECK_OK(kcore_correct(&w->dump, w->info, &w->host));
	CHECK_EQ(count_known(w), 0);
	world_close(w);
}

static void test_task_notes_go(void)
{
	struct world *w = world_new(true, "");
	struct elf_note note;
	size_t pos = 0;

	CHECK_OK(kcore_correct(&w->dump, w->info, NULL));
	CHECK(elf_note_next(w->info->notes, w->info->notes_len, form.order, &pos, &note));
	CHECK(elf_note_is(&note, "OTHER", NT_PRSTATUS));
	CHECK_EQ(note.desc_len, 5);
	CHECK_EQ(note.desc[2], 3);
	CHECK(!elf_note_next(w->info->notes, w->info->notes_len, form.order, &pos, &note));
	world_close(w);
}

static void test_addresses_by_iomem(void)
{
	struct world *w = world_new(false, iomem);
	const struct elf_segment *last;

	CHECK(kcore_is(w->info));
	CHECK_OK(kcore_correct(&w->dump, w->info, &w->host));
	CHECK(w->dump.paddr_guessed);
	check_load(w, 0x1000, DIRECT + 0x1000, 0x1000, HEAD + 0x30000);
	check_load(w, 0x2000, DIRECT + 0x2000, 0x9d000, HEAD + 0x31000);
	check_load(w, 0x130000, DIRECT + 0x130000, 0x10000, HEAD + 0x30000);
	/* The image is guessed, so it stands behind what is certain. */
	last = &w->info->segments[w->info->segment_count - 1];
	CHECK_EQ(last->paddr, 0x100000);
	CHECK_EQ(last->vaddr, TEXT);
	CHECK_EQ(count_known(w), 5);
	world_close(w);
}

static void test_addresses_cannot_be_found(void)
{
	static const char *const says[] = {
		"",
		"00000000-00000000 : System RAM\n",	/* hidden from this reader */
		"00001000-0009fbff : System RAM\n100000000-4ffffffff : System RAM\n",
		"00200000-0023ffff : System RAM\n",
	};

	for (size_t i = 0; i < ARRAY_LEN(says); i++) {
		struct world *w = world_new(false, says[i]);

		CHECK_ERR(kcore_correct(&w->dump, w->info, &w->host),
			  i == 3 ? 0 : (int)ERR_UNSUPPORTED);
		world_close(w);
	}
}

/* Of a copy the system that reads it knows nothing. */
static void test_copy_without_addresses(void)
{
	struct world *w = world_new(false, iomem);

	CHECK_ERR(kcore_correct(&w->dump, w->info, NULL), ERR_UNSUPPORTED);
	world_close(w);
}

static void test_vmcoreinfo_from_memory(void)
{
	static const char text[] = "OSRELEASE=4.9.0\nPAGESIZE=4096\n";
	struct world *w = calloc(1, sizeof(*w));
	size_t len;

	world_build(w, false);
	/* At physical 0x101234, in the load of 1 MiB. */
	len = put_note(w->file + HEAD + 0x1234, form.order, "VMCOREINFO", 0, text, sizeof(text) - 1);
	world_open(w, iomem);
	kcore_host_add_vmcoreinfo(&w->host, "101234 1000\n", 12);
	CHECK_EQ(w->host.note_paddr, 0x101234);
	CHECK_OK(kcore_correct(&w->dump, w->info, &w->host));
	CHECK(w->info->notes_len > len);
	for (size_t pos = 0, found = 0;; found++) {
		struct elf_note note;

		if (!elf_note_next(w->info->notes, w->info->notes_len, form.order, &pos, &note)) {
			CHECK(found);
			break;
		}
		if (found == 1) {
			CHECK(elf_note_is(&note, "VMCOREINFO", 0));
			CHECK(memcmp(note.desc, text, sizeof(text) - 1) == 0);
			break;
		}
	}
	world_close(w);
}

/* A pointer to nowhere, or an absurd length: as if the system had not said it. */
static void test_vmcoreinfo_nowhere(void)
{
	static const char *const says[] = { "0xa0000 1024", "0x101234 ffffffffffffffff",
					    "0x13fff0 1000", "0 0", "x", "101234", "" };

	for (size_t i = 0; i < ARRAY_LEN(says); i++) {
		struct world *w = world_new(true, iomem);
		size_t before;

		kcore_host_add_vmcoreinfo(&w->host, says[i], strlen(says[i]));
		CHECK_OK(kcore_correct(&w->dump, w->info, NULL));
		before = w->info->notes_len;
		CHECK_OK(kcore_correct(&w->dump, w->info, &w->host));
		CHECK_EQ(w->info->notes_len, before);
		world_close(w);
	}
}

static void test_other_cores_are_not(void)
{
	struct world *w = world_new(true, "");

	/* No area without an address: a dump. */
	for (size_t i = 0; i < w->info->segment_count; i++)
		if (w->info->segments[i].paddr == UNKNOWN)
			w->info->segments[i].paddr = 0x40000000;
	CHECK(!kcore_is(w->info));
	world_close(w);
	w = world_new(true, "");
	w->info->notes_len = 0;
	CHECK(!kcore_is(w->info));
	world_close(w);
}

/* The headers of a file that is being changed: every reading has another p_memsz, @changes times. */
struct restless_source {
	struct source base;
	struct world *world;
	unsigned int changes;
	unsigned int readings;
};

static struct err *restless_read(struct source *src, uint64_t off, void *buf, size_t len,
				 size_t *ret_len)
{
	struct restless_source *source = (struct restless_source *)src;

	*ret_len = off < FILE_SIZE ? (size_t)min_u64(len, FILE_SIZE - off) : 0;
	if (off == 64 && source->readings++ < source->changes)
		put_u64(source->world->file + 64 + 5 * 56 + 40, 0x40000 + source->readings, form.order);
	memcpy(buf, source->world->file + off, *ret_len);
	return NULL;
}

static void restless_destroy(struct source *src)
{
	(void)src;
}

static const struct source_ops restless_ops = {
	.read = restless_read, .destroy = restless_destroy,
};

static void check_layout(struct dump *dump, bool want)
{
	bool changed = !want;

	CHECK_OK(dump_layout_changed(dump, &changed));
	CHECK_EQ(changed, want);
}

/* The file of the running system: read until twice the same, with what follows from being it. */
static void test_running_system(void)
{
	static const struct { unsigned int changes, readings; } cases[] = {
		{ 0, 2 }, { 3, 4 }, { 1000, 9 },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct world *w = calloc(1, sizeof(*w));
		struct restless_source source = {
			.base = { .ops = &restless_ops, .name = "kcore", .size = FILE_SIZE,
				  .is_proc = true },
			.world = w, .changes = cases[i].changes };

		world_build(w, true);
		log_catch_init(&w->caught);
		w->dump = (struct dump){ .src = &source.base, .log = &w->caught.log };
		CHECK_OK(elf_info_read(&source.base, &w->caught.log, &w->info));
		CHECK_OK(kcore_open(&w->dump, &w->info));
		CHECK_EQ(source.readings, cases[i].readings);
		CHECK(w->dump.live);
		CHECK(source.base.no_map);
		CHECK(w->dump.crash_time > 1700000000);
		CHECK(log_caught(&w->caught, "changed") == (i == 2));
		check_layout(&w->dump, source.changes > source.readings);
		source.changes = source.readings + 1;
		check_layout(&w->dump, true);
		source_destroy(&source.base);
		world_close(w);
	}
}

static void test_iomem_lines(void)
{
	static const char text[] =
		"00001000-00001fff : System RAM\n"
		"  00002000-00002fff : System RAM (kmem)\n"
		"  00008000-00008fff : Crash kernel\n"
		"00009000-00008fff : Crash kernel\n"		/* backwards */
		"0000b000:0000bfff : Crash kernel\n"
		"11112222333344445-2 : Crash kernel\n"		/* 17 digits */
		"0-ffffffffffffffff : Crash kernel\n"
		"0000c000-0000cfff : Crash\n"
		" - : Crash kernel\n"
		"\n"
		"0000d000-0000dfff : Crash kernel";		/* no newline */
	struct kcore_host host = { 0 };

	CHECK_OK(kcore_host_add_iomem(&host, text, sizeof(text) - 1));
	CHECK_EQ(host.ram.count, 1);
	CHECK_EQ(host.ram.v[0].start, 0x1000);
	CHECK_EQ(host.ram.v[0].end, 0x3000);
	CHECK_EQ(host.crash.count, 2);
	CHECK_EQ(host.crash.v[0].start, 0x8000);
	CHECK_EQ(host.crash.v[0].end, 0x9000);
	CHECK_EQ(host.crash.v[1].end, 0xe000);
	CHECK_OK(kcore_host_add_iomem(&host, "", 0));
	kcore_host_deinit(&host);
}

static void test_this_system(void)
{
	struct kcore_host host = { 0 };

	/* Whatever it says, it is taken in. */
	CHECK_OK(kcore_host_ask(&host, NULL));
	kcore_host_deinit(&host);
}

int main(void)
{
	RUN(test_crash_kernel_is_cut_out);
	RUN(test_crash_kernel_covers_loads);
	RUN(test_task_notes_go);
	RUN(test_addresses_by_iomem);
	RUN(test_addresses_cannot_be_found);
	RUN(test_copy_without_addresses);
	RUN(test_vmcoreinfo_from_memory);
	RUN(test_vmcoreinfo_nowhere);
	RUN(test_other_cores_are_not);
	RUN(test_running_system);
	RUN(test_iomem_lines);
	RUN(test_this_system);
	return unit_status();
}
