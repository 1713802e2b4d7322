/*
 * A small reader of ELF shared objects (System V ABI, chapters 4 and 5): enough to know, before
 * anything of a file runs, what the dynamic linker would bind it to and what it would run.
 *
 * The names come from the relocations, for these are what the linker binds. Its invariant: no byte
 * is looked at but through take(), which knows the file's end, so that a file which is cut off or
 * lies is refused and never followed.
 */
#include "sim/plugin/elf.h"

#include <dlfcn.h>
#include <elf.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "sim/gnu.h"
#include "sim/plugin/allowed.h"

#if defined(__x86_64__)
enum { MACHINE = EM_X86_64, RESOLVED_BY_CODE = R_X86_64_IRELATIVE };
#elif defined(__aarch64__)
enum { MACHINE = EM_AARCH64, RESOLVED_BY_CODE = R_AARCH64_IRELATIVE };
#else
#error "which relocation of this machine runs code?"
#endif

enum { SEGMENTS_MAX = 32, REFUSED_MAX = 3 };

struct file {
	const uint8_t *bytes;
	size_t size;
	Elf64_Ehdr head;
	Elf64_Phdr load[SEGMENTS_MAX];
	unsigned load_count;
	Elf64_Phdr dynamic, relro;
	/* Of the dynamic section. */
	uint64_t strings, strings_size, symbols, rela, rela_size, plt, plt_size;
	uint64_t init, fini, init_array, init_array_size, fini_array_size;
	char *why;
};

/* Always false, so that a check can end with it. */
static bool refuse(const struct file *file, const char *format, ...) printf_like(2, 3);
static bool refuse(const struct file *file, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(file->why, SHARED_WHY_MAX, format, arguments);
	va_end(arguments);
	return false;
}

/* ---- Bytes ----------------------------------------------------------------------------------- */

static bool take(const struct file *file, uint64_t offset, void *to, size_t size)
{
	if (offset > file->size || size > file->size - offset)
		return false;
	memcpy(to, file->bytes + offset, size);
	return true;
}

/* A string of the file; NULL where it does not end in it. */
static const char *text_at(const struct file *file, uint64_t offset)
{
	if (offset >= file->size || !memchr(file->bytes + offset, 0, file->size - offset))
		return NULL;
	return (const char *)file->bytes + offset;
}

/* Where in the file what will lie at `address` stands. */
static bool offset_of(const struct file *file, uint64_t address, uint64_t *offset)
{
	for (unsigned i = 0; i < file->load_count; i++) {
		const Elf64_Phdr *load = &file->load[i];

		if (address < load->p_vaddr || address - load->p_vaddr >= load->p_filesz)
			continue;
		*offset = load->p_offset + (address - load->p_vaddr);
		return true;
	}
	return false;
}

static bool take_at(const struct file *file, uint64_t address, void *to, size_t size)
{
	uint64_t offset;

	return offset_of(file, address, &offset) && take(file, offset, to, size);
}

static const char *name_at(const struct file *file, uint64_t name)
{
	uint64_t offset;

	if (name >= file->strings_size || !offset_of(file, file->strings + name, &offset))
		return NULL;
	return text_at(file, offset);
}

/* ---- Headers --------------------------------------------------------------------------------- */

static bool read_head(struct file *file)
{
	const Elf64_Ehdr *head = &file->head;

	if (!take(file, 0, &file->head, sizeof(file->head)) ||
	    memcmp(head->e_ident, ELFMAG, SELFMAG) != 0)
		return refuse(file, "it is no shared object");
	if (head->e_ident[EI_CLASS] != ELFCLASS64 || head->e_ident[EI_DATA] != ELFDATA2LSB ||
	    head->e_machine != MACHINE)
		return refuse(file, "it is built for another machine");
	if (head->e_type != ET_DYN || head->e_phentsize != sizeof(Elf64_Phdr))
		return refuse(file, "it is no shared object: build it with -shared -fPIC");
	return true;
}

static bool read_segment(struct file *file, const Elf64_Phdr *segment)
{
	switch (segment->p_type) {
	case PT_LOAD:
		if (segment->p_offset > file->size ||
		    segment->p_filesz > file->size - segment->p_offset ||
		    segment->p_filesz > segment->p_memsz || segment->p_memsz > UINT32_MAX ||
		    segment->p_vaddr > UINT32_MAX)
			return refuse(file, "it is cut off");
		if (file->load_count == SEGMENTS_MAX)
			return refuse(file, "it has more than %d segments", SEGMENTS_MAX);
		file->load[file->load_count++] = *segment;
		return true;
	case PT_TLS:
		return refuse(file, "it has variables of a thread (threads): a handler runs alone, "
				    "and its state is what ordeal hands it");
	case PT_INTERP: return refuse(file, "it is a program: build it with -shared -fPIC");
	case PT_DYNAMIC: file->dynamic = *segment; return true;
	case PT_GNU_RELRO: file->relro = *segment; return true;
	default: return true;
	}
}

static bool read_segments(struct file *file)
{
	for (unsigned i = 0; i < file->head.e_phnum; i++) {
		Elf64_Phdr segment;

		if (!take(file, file->head.e_phoff + i * sizeof(segment), &segment,
			  sizeof(segment)))
			return refuse(file, "it is cut off");
		if (!read_segment(file, &segment))
			return false;
	}
	return true;
}

/* The C library is there anyway; any other would run code of its own when it is loaded. */
static bool needed(const struct file *file, uint64_t name)
{
	const char *library = name_at(file, name);

	if (!library)
		return refuse(file, "it is cut off");
	if (!strncmp(library, "libc.so", 7) || !strncmp(library, "ld-linux", 8))
		return true;
	return refuse(file,
		      "it needs %.80s: a plug-in brings all that it needs, and of libraries "
		      "libc alone",
		      library);
}

static bool read_entry(struct file *file, const Elf64_Dyn *entry)
{
	uint64_t value = entry->d_un.d_val;

	switch (entry->d_tag) {
	case DT_STRTAB: file->strings = value; break;
	case DT_STRSZ: file->strings_size = value; break;
	case DT_SYMTAB: file->symbols = value; break;
	case DT_RELA: file->rela = value; break;
	case DT_RELASZ: file->rela_size = value; break;
	case DT_JMPREL: file->plt = value; break;
	case DT_PLTRELSZ: file->plt_size = value; break;
	case DT_INIT: file->init = value; break;
	case DT_FINI: file->fini = value; break;
	case DT_INIT_ARRAY: file->init_array = value; break;
	case DT_INIT_ARRAYSZ: file->init_array_size = value; break;
	case DT_FINI_ARRAYSZ: file->fini_array_size = value; break;
	case DT_REL:
	case DT_PREINIT_ARRAY:
	case DT_AUXILIARY:
	case DT_FILTER: return refuse(file, "its dynamic section has what no plug-in needs");
	default: break;
	}
	return true;
}

/* Twice: the libraries that it needs are named in a table which the section names, too. */
static bool read_dynamic(struct file *file)
{
	for (unsigned pass = 0; pass < 2; pass++) {
		uint64_t at = file->dynamic.p_offset;
		Elf64_Dyn entry = {0};

		do {
			if (!take(file, at, &entry, sizeof(entry)))
				return refuse(file, "it has no dynamic section that ends");
			at += sizeof(entry);
			if (pass == 0 && !read_entry(file, &entry))
				return false;
			if (pass == 1 && entry.d_tag == DT_NEEDED &&
			    !needed(file, entry.d_un.d_val))
				return false;
		} while (entry.d_tag != DT_NULL);
	}
	return true;
}

/* ---- What it binds to ------------------------------------------------------------------------ */

/* A name in the list of those that it may not use. */
static void add_refused(const struct file *file, unsigned count, const char *name)
{
	size_t length = strlen(file->why);
	const char *family, *instead;

	if (count >= REFUSED_MAX || (name[0] && strstr(file->why, name)))
		return;
	name_family(name, &family, &instead);
	snprintf(file->why + length, SHARED_WHY_MAX - length, "%s%.60s (%s: %s)",
		 count ? "; " : "it may not use ", name, family, instead);
}

/* False: the file is cut off. What is refused stands in `why`. */
static bool binding_allowed(const struct file *file, const Elf64_Rela *relocation,
			    unsigned *refused)
{
	uint32_t index = (uint32_t)ELF64_R_SYM(relocation->r_info);
	Elf64_Sym symbol;

	if (ELF64_R_TYPE(relocation->r_info) == RESOLVED_BY_CODE)
		return refuse(file, "it has functions that are chosen by code when it is loaded "
				    "(constructors)");
	if (!index)
		return true;
	if (!take_at(file, file->symbols + index * sizeof(symbol), &symbol, sizeof(symbol)))
		return refuse(file, "it is cut off");
	const char *name = name_at(file, symbol.st_name);

	if (!name)
		return refuse(file, "it is cut off");
	if (symbol.st_shndx == SHN_UNDEF && !name_allowed(name))
		add_refused(file, (*refused)++, name);
	/* Whoever was loaded first is bound first: libc's `log` before its own. */
	if (symbol.st_shndx != SHN_UNDEF && ELF64_ST_BIND(symbol.st_info) != STB_LOCAL &&
	    *refused == 0 && dlsym(RTLD_DEFAULT, name))
		return refuse(file,
			      "its own %.60s is also a name of a library, which would be "
			      "taken instead: make it static, or call it something else",
			      name);
	if (symbol.st_shndx == SHN_UNDEF && !strncmp(name, "env_", 4) && *refused == 0 &&
	    !dlsym(RTLD_DEFAULT, name))
		return refuse(file, "it calls %.60s, which ordeal.h does not have", name);
	return true;
}

static bool bindings_allowed(const struct file *file)
{
	const uint64_t tables[][2] = {{file->rela, file->rela_size}, {file->plt, file->plt_size}};
	unsigned refused = 0;

	file->why[0] = '\0';
	for (unsigned t = 0; t < 2; t++)
		for (uint64_t at = 0; at + sizeof(Elf64_Rela) <= tables[t][1];
		     at += sizeof(Elf64_Rela)) {
			Elf64_Rela relocation;

			if (!take_at(file, tables[t][0] + at, &relocation, sizeof(relocation)))
				return refuse(file, "it is cut off");
			if (!binding_allowed(file, &relocation, &refused))
				return false;
		}
	return refused == 0;
}

/* ---- What it would run ----------------------------------------------------------------------- */

static bool section_at(const struct file *file, unsigned index, Elf64_Shdr *section)
{
	return file->head.e_shentsize == sizeof(*section) && index < file->head.e_shnum &&
	       take(file, file->head.e_shoff + index * sizeof(*section), section, sizeof(*section));
}

static bool section_named(const struct file *file, const char *name, Elf64_Shdr *section)
{
	Elf64_Shdr names;

	if (!section_at(file, file->head.e_shstrndx, &names))
		return false;
	for (unsigned i = 0; section_at(file, i, section); i++) {
		const char *text = text_at(file, names.sh_offset + section->sh_name);

		if (text && !strcmp(text, name))
			return true;
	}
	return false;
}

/* The name of the symbol that covers `address`, or, of a function, begins there. */
static const char *symbol_covering(const struct file *file, uint64_t address, unsigned type)
{
	Elf64_Shdr symbols, strings;

	if (!section_named(file, ".symtab", &symbols) ||
	    !section_at(file, symbols.sh_link, &strings))
		return NULL;
	for (uint64_t at = 0; at + sizeof(Elf64_Sym) <= symbols.sh_size; at += sizeof(Elf64_Sym)) {
		Elf64_Sym symbol;

		if (!take(file, symbols.sh_offset + at, &symbol, sizeof(symbol)))
			return NULL;
		if (ELF64_ST_TYPE(symbol.st_info) == type && address >= symbol.st_value &&
		    (address == symbol.st_value || address - symbol.st_value < symbol.st_size))
			return text_at(file, strings.sh_offset + symbol.st_name);
	}
	return NULL;
}

/* Where the one entry of .init_array points: its relocation says, or the bytes themselves. */
static uint64_t first_constructor(const struct file *file)
{
	uint64_t address = 0;

	for (uint64_t at = 0; at + sizeof(Elf64_Rela) <= file->rela_size;
	     at += sizeof(Elf64_Rela)) {
		Elf64_Rela relocation;

		if (take_at(file, file->rela + at, &relocation, sizeof(relocation)) &&
		    relocation.r_offset == file->init_array)
			return (uint64_t)relocation.r_addend;
	}
	take_at(file, file->init_array, &address, sizeof(address));
	return address;
}

/* The compiler's own frame has one function that runs first and one that runs last; both do
 * nothing in a shared object like this. */
static bool nothing_runs(const struct file *file)
{
	const char *const why = "it has constructors: %s would run when it is loaded";
	Elf64_Shdr section;

	if (file->init_array_size > sizeof(uint64_t) || file->fini_array_size > sizeof(uint64_t))
		return refuse(file, "it has constructors or destructors, which run outside of any "
				    "handler");
	if (file->init_array_size) {
		const char *name = symbol_covering(file, first_constructor(file), STT_FUNC);

		if (!name || strcmp(name, "frame_dummy") != 0)
			return refuse(file, why,
				      name ? name : "a function without a name (is it stripped?)");
	}
	if (file->init &&
	    (!section_named(file, ".init", &section) || section.sh_addr != file->init))
		return refuse(file, why, "its -init function");
	if (file->fini &&
	    (!section_named(file, ".fini", &section) || section.sh_addr != file->fini))
		return refuse(file, "its -fini function would run at the end");
	return true;
}

/* ---- Static data ----------------------------------------------------------------------------- */

/* What the linker makes read-only after it is done is no data; whole pages of it. */
static bool find_data(const struct file *file, struct shared_object *object)
{
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
	uint64_t constant = (file->relro.p_vaddr + file->relro.p_memsz) / page * page;

	for (unsigned i = 0; i < file->load_count; i++) {
		const Elf64_Phdr *load = &file->load[i];
		uint64_t at = load->p_vaddr, end = load->p_vaddr + load->p_memsz;

		if (!(load->p_flags & PF_W))
			continue;
		if (file->relro.p_memsz && at >= file->relro.p_vaddr / page * page && at < constant)
			at = constant;
		if (at >= end)
			continue;
		if (object->data_count == SHARED_DATA_MAX)
			return refuse(file, "it has more than %d segments of data",
				      SHARED_DATA_MAX);
		object->data[object->data_count].at = at;
		object->data[object->data_count++].size = end - at;
	}
	return true;
}

/* ---- The whole ------------------------------------------------------------------------------- */

bool shared_object_read(const void *bytes, size_t size, struct shared_object *object, char *why)
{
	struct file file = {.bytes = bytes, .size = size, .why = why};

	*object = (struct shared_object){0};
	if (!read_head(&file) || !read_segments(&file))
		return false;
	if (!file.dynamic.p_filesz)
		return refuse(&file, "it is no shared object: it has no dynamic section");
	return read_dynamic(&file) && bindings_allowed(&file) && nothing_runs(&file) &&
	       find_data(&file, object);
}

const char *shared_object_named(const void *bytes, size_t size, uint64_t address)
{
	char why[SHARED_WHY_MAX];
	struct file file = {.bytes = bytes, .size = size, .why = why};

	return read_head(&file) ? symbol_covering(&file, address, STT_OBJECT) : NULL;
}
