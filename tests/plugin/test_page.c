/*
 * The pages README.md and protocols/WRITING.md, followed to the letter: their files are written,
 * their commands run in order, and what they show of the output is what is printed.
 *
 * A block's first line says what it is: "```c relay.c" is a file, with "+" behind it a further part
 * of it; "```diff relay.c" changes one; "```sh" is run; "```text" is looked for in what that said,
 * line by line; "```console" has both, commands behind a "$". Any other block is not for the shell.
 */
#include "tests/tests.h"

#include "tests/cli/shell.h"

enum { BLOCK_MAX = 16000, LINE_LONGEST = 400 };

static struct {
	char text[BLOCK_MAX], said[BLOCK_MAX * 8];
	unsigned files, runs, looks;
} page;

static void write_part(const char *name, bool further)
{
	char *whole = NULL;

	if (asprintf(&whole, "%s%s", further ? shell_text(name) : "", page.text) < 0)
		abort();
	shell_file(name, whole);
	free(whole);
	page.files++;
}

/* The lines of a diff that stand in the old file, or in the new one. */
static void side_of(const char *diff, char skip, char *side)
{
	while (*diff) {
		size_t size = strcspn(diff, "\n") + 1;

		if (*diff != skip) {
			memcpy(side, diff + 1, size - 1);
			side += size - 1;
		}
		diff += size;
	}
	*side = '\0';
}

static void change(const char *name)
{
	static char old[BLOCK_MAX], new[BLOCK_MAX];
	const char *text = shell_text(name);
	char *whole = NULL;

	side_of(page.text, '+', old);
	side_of(page.text, '-', new);
	const char *at = strstr(text, old);

	CU_ASSERT_PTR_NOT_NULL_FATAL(at);
	CU_ASSERT_PTR_NULL(strstr(at + 1, old));
	if (asprintf(&whole, "%.*s%s%s", (int)(at - text), text, new, at + strlen(old)) < 0)
		abort();
	shell_file(name, whole);
	free(whole);
	page.files++;
}

static void run_block(const char *script)
{
	shell_file("block.sh", script);
	shell("sh block.sh 2>&1");
	snprintf(page.said, sizeof(page.said), "%s", shell_out());
	page.runs++;
}

static void look_for_lines(void)
{
	for (char *line = strtok(page.text, "\n"); line; line = strtok(NULL, "\n")) {
		CONTAINS(page.said, line);
		page.looks++;
	}
}

/* Lines may be broken differently, and set off. */
static char *squeeze(char *text)
{
	char *to = text;

	for (const char *from = text; *from; from++) {
		bool blank = strchr(" \n", *from) != NULL;

		if (!blank || (to > text && to[-1] != ' '))
			*to++ = blank ? ' ' : *from;
	}
	*to = '\0';
	return text;
}

/* Commands stand behind a "$", and go on behind a "\"; of the answer, "..." is left out. */
static void converse(void)
{
	static char commands[BLOCK_MAX], answer[BLOCK_MAX];
	char *typed = commands, *told = answer;
	bool goes_on = false;

	for (const char *line = page.text; *line; line = strchr(line, '\n') + 1) {
		size_t skip = *line == '$', size = strcspn(line, "\n") + 1 - skip;
		char **to = skip || goes_on ? &typed : &told;

		memcpy(*to, line + skip, size);
		*to += size;
		goes_on = to == &typed && size > 1 && (*to)[-2] == '\\';
	}
	*typed = *told = '\0';
	run_block(commands);
	squeeze(page.said);
	squeeze(answer);
	for (char *part = answer, *at = page.said, *end; part && at; part = end) {
		end = strstr(part, "...");
		if (end) {
			*end = '\0';
			end += strlen("...");
		}
		CONTAINS(at, part);
		at = strstr(at, part);
		page.looks++;
	}
}

static void follow(const char *head)
{
	char kind[16] = "", name[64] = "", more[8] = "";

	sscanf(head, "```%15s %63s %7s", kind, name, more);
	if (!strcmp(kind, "sh"))
		run_block(page.text);
	else if (!strcmp(kind, "text"))
		look_for_lines();
	else if (!strcmp(kind, "console"))
		converse();
	else if (!strcmp(kind, "diff"))
		change(name);
	else if (name[0])
		write_part(name, more[0] == '+');
}

/* In a folder of its own, where the command is on the path, as in the tree. */
static void follow_page(const char *name)
{
	char head[LINE_LONGEST], line[LINE_LONGEST];
	FILE *in = fopen(name, "r");
	bool inside = false;

	CU_ASSERT_PTR_NOT_NULL_FATAL(in);
	page.files = page.runs = page.looks = 0;
	shell_begin();
	setenv("ORDEAL_TREE", getenv("HERE"), 1);
	shell("mkdir build && ln -s \"$ORDEAL\" build/ordeal");
	shell("ln -s \"$ORDEAL_TREE/scenarios\" \"$ORDEAL_TREE/tests\" .");
	EQUAL(shell("printf '%s' \"$PATH\""), 0);
	snprintf(page.said, sizeof(page.said), "%s/build:%s", getenv("T"), shell_out());
	char *before = strdup(getenv("PATH"));

	setenv("PATH", page.said, 1);
	while (fgets(line, sizeof(line), in)) {
		if (strncmp(line, "```", 3) != 0) {
			size_t size = strlen(page.text);

			if (inside)
				snprintf(page.text + size, BLOCK_MAX - size, "%s", line);
			continue;
		}
		if (inside)
			follow(head);
		inside = !inside;
		memcpy(head, line, sizeof(head));
		page.text[0] = '\0';
	}
	fclose(in);
	setenv("PATH", before, 1);
	free(before);
	CU_ASSERT_FALSE(inside);
}

static void write_a_protocol(void)
{
	follow_page("protocols/WRITING.md");
	EQUAL(page.files, 9);
	EQUAL(page.runs, 5);
	CU_ASSERT(page.looks > 12);
	shell_end();
}

static void what_the_readme_shows(void)
{
	follow_page("README.md");
	EQUAL(page.files, 1);
	EQUAL(page.runs, 2);
	CU_ASSERT(page.looks > 6);
	EQUAL(shell("$ORDEAL lint mine.yaml"), 0);
	CONTAINS(shell_out(), "mine.yaml: sound");
	shell_end();
}

CU_TestInfo page_tests[] = {
	{"the page `write a protocol` is followed to the letter", write_a_protocol},
	{"what README.md shows is what is printed", what_the_readme_shows},
	CU_TEST_INFO_NULL,
};
