/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A program that looks like xen-syms to who reads its symbols and types. Its
 * variables are symbols that the linker is told. LAYOUT 33: as Xen up to 3.3, 34: as 3.4,
 * 4: as 4.
 */
typedef unsigned char u8;
typedef unsigned short u16, domid_t;
typedef unsigned int u32;

struct list_head { struct list_head *next, *prev; };
struct page_list_entry { u32 next, prev; };

#if LAYOUT == 33

struct page_info {
	struct list_head list;
	u32 count_info;
	union {
		struct { u32 _domain; unsigned long type_info; } __attribute__((packed)) inuse;
		struct { u32 order; unsigned long cpumask; } __attribute__((packed)) free;
	} u;
	union { u32 tlbflush_timestamp; unsigned long shadow_flags; };
};

#else

struct page_info {
	union { struct page_list_entry list; unsigned long up; };
	unsigned long count_info;
	union {
		struct { unsigned long type_info; } inuse;
		struct { u8 need_tlbflush; } free;
	} u;
	union {
		struct { u32 _domain; } inuse;
		struct { u32 back; } sh;
		struct { u32 order; } free;
	} v;
	union { u32 tlbflush_timestamp; struct { u16 nr_validated_ptes; signed char partial_pte; }; };
};

#endif

struct domain {
	domid_t domain_id;
	char pad[114];
	int tot_pages;
	struct domain *next_in_list;
	char rest[896];
};

extern struct domain *domain_list;
extern struct page_info *frame_table;

void _start(void);

void _start(void)
{
	domain_list->tot_pages = 1;
	frame_table->count_info = 2;
}
