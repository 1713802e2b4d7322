/*
 * What the files of the `ordeal` command share: exit statuses, the table of commands, and how a
 * command line is read. One file a subcommand; each brings its row of the table.
 */
#ifndef SIM_CLI_CLI_H
#define SIM_CLI_CLI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "sim/gnu.h"

enum exit_status {
	STATUS_HELD = 0,
	STATUS_VIOLATED = 1,      /* or an unmet expectation */
	STATUS_UNUSABLE = 2,      /* arguments, input or output */
	STATUS_INCONCLUSIVE = 3,  /* something could not be judged */
	STATUS_DEFECT = 70,       /* of ordeal's own */
	STATUS_INTERRUPTED = 130, /* SIGINT, SIGTERM, SIGHUP */
	STATUS_GO_ON = -1         /* of options_read: the command may run */
};
/* Over several files the gravest counts: 130 > 70 > 2 > 1 > 3 > 0. */
int gravest(int a, int b);

/* One option of a command, as the command line spells it and help prints it. */
enum { COMPLAINT_MAX = 500 };
struct flag {
	const char *name;     /* "seeds" */
	const char *argument; /* "A..B"; NULL: it takes none */
	const char *help;     /* what it does, with unit and default */
	/* False, with a complaint, where the value is none. `settings` are the command's own. */
	bool (*take)(void *settings, const char *value, char complaint[COMPLAINT_MAX]);
};

struct command {
	const char *name, *usage, *summary;
	const char *what;                  /* some lines that teach */
	const char *const *examples;       /* command and comment in turn, ended by NULL */
	const struct flag *flags;          /* ended by name == NULL */
	void (*more)(FILE *);              /* printed at the page's end; or NULL */
	int (*run)(int argc, char **argv); /* argv[0] is the command's name */
};
extern const struct command run_command, check_command, lint_command, list_command, schema_command,
	report_command, help_command;
extern const struct command *const commands[]; /* in the order of --help, ended by NULL */

/* NULL, after a complaint, where there is none of that name. */
const struct command *command_named(const char *name);

/*
 * Takes the options out of a command line, in any order; *operands is then the index of the first
 * word that is none. Returns STATUS_GO_ON, or the status to leave with (help was asked for, or an
 * option is wrong and was complained about).
 */
int options_read(const struct command *, int argc, char **argv, void *settings, int *operands);

/* All of ordeal, one command, or only how to call it. */
void help_overview(FILE *);
void help_command_page(FILE *, const struct command *);

/* Of every command that looks at protocols; file.c. */
bool take_plugin(void *settings, const char *value, char complaint[COMPLAINT_MAX]);
#define PLUGIN_FLAG                                                                                \
	{                                                                                          \
		"plugin", "FILE.so",                                                               \
			"load a protocol that was built with ordeal.h; may be repeated",           \
			take_plugin                                                                \
	}

/* A word behind a blank, quoted where a shell wants it. */
void shell_word(FILE *, const char *word);

/* "ordeal: ..." on stderr; returns STATUS_UNUSABLE. */
int complain_of(const char *format, ...) printf_like(1, 2);
/* "no command "rnu"; did you mean run?", and what there is. */
int complain_unknown(const char *kind, const char *word, const char *const *names, size_t count);

/* How histories can be written, and what they can be about. */
void list_formats(void);
void list_models(void);

/* "12", at most `most`; else `*count` stays as it was. */
bool parse_count(const char *text, unsigned long long most, unsigned long long *count);

#endif
