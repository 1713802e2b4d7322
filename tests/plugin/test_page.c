/*
 * The page protocols/WRITING.md, followed to the letter: its files are written, its commands run in
 * order, and what it shows of their output is what they print.
 *
 * A block's first line says what it is: "```c relay.c" is a file, with "+" behind it a further part
 * of it; "```diff relay.c" changes one; "```sh" is run; "```text" is looked for in what that said,
 * line by line. Any other block is not for the shell.
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

static void run_block(void)
{
	shell_file("block.sh", page.text);
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

static void follow(const char *head)
{
	char kind[16] = "", name[64] = "", more[8] = "";

	sscanf(head, "```%15s %63s %7s", kind, name, more);
	if (!strcmp(kind, "sh"))
		run_block();
	else if (!strcmp(kind, "text"))
		look_for_lines();
	else if (!strcmp(kind, "diff"))
		change(name);
	else if (name[0])
		write_part(name, more[0] == '+');
}

static void the_page_is_followed_to_the_letter(void)
{
	char head[LINE_LONGEST], line[LINE_LONGEST], here[4096];
	FILE *in = fopen("protocols/WRITING.md", "r");
	bool inside = false;

	CU_ASSERT_PTR_NOT_NULL_FATAL(in);
	if (!realpath(".", here))
		abort();
	setenv("ORDEAL_TREE", here, 1);
	shell_begin();
	shell("mkdir bin && ln -s \"$ORDEAL\" bin/ordeal");
	EQUAL(shell("printf '%s' \"$PATH\""), 0);
	snprintf(page.said, sizeof(page.said), "%s/bin:%s", getenv("T"), shell_out());
	char *before = strdup(getenv("PATH"));

	setenv("PATH", page.said, 1);
	while (fgets(line, sizeof(line), in)) {
		if (strncmp(line, "```", 3) != 0) {
			if (inside && strlen(page.text) + strlen(line) < BLOCK_MAX)
				strcat(page.text, line);
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
	shell_end();
	CU_ASSERT_FALSE(inside);
	EQUAL(page.files, 9);
	EQUAL(page.runs, 5);
	CU_ASSERT(page.looks > 12);
}

CU_TestInfo page_tests[] = {
	{"the page `write a protocol` is followed to the letter",
	 the_page_is_followed_to_the_letter},
	CU_TEST_INFO_NULL,
};
