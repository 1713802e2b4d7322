/*
 * The functions that a plug-in may call, and, of those that it may not, why.
 *
 * The list of what is allowed is what counts: it is short, and pure (the same bytes in, the same
 * bytes out). The families only explain a refusal.
 */
#include "sim/plugin/allowed.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

/* One string of words; a word that ends with a star stands for all that begins so. */
static const char allowed[] =
	" env_*"
	/* memory and strings: no locale, no allocation, no state of their own */
	" memccpy memchr memcmp memcpy memmem memmove mempcpy memrchr memset rawmemchr bcmp"
	" stpcpy stpncpy strcat strchr strchrnul strcmp strcpy strcspn strlen strncat strncmp"
	" strncpy strnlen strpbrk strrchr strspn strstr strtok_r"
	/* what compilers put in: stack guards, assert, and the frame of every shared object */
	" __stack_chk_fail __assert_fail __cxa_finalize __gmon_start__"
	" _ITM_deregisterTMCloneTable _ITM_registerTMCloneTable ";

static const struct {
	const char *name, *instead, *words;
} families[] = {
	{"clocks", "env_now and env_wall tell the time, env_arm wakes you",
	 " time clock clock_* gettimeofday times nanosleep sleep usleep localtime* gmtime* mktime"
	 " strftime asctime* ctime* difftime timespec_get alarm setitimer timer_* ftime "},
	{"randomness", "env_random draws",
	 " rand rand_r srand random* srandom* *rand48* arc4random* getrandom getentropy "},
	{"threads", "a handler runs alone",
	 " pthread_* thrd_* mtx_* cnd_* tss_* call_once sem_* __tls_get_addr "},
	{"processes",
	 "a fact that must hold is an ORDEAL_ASSERT, and a crash is the world's to give",
	 " fork vfork exec* posix_spawn* system wait* kill raise signal sigaction sigprocmask exit"
	 " _exit _Exit quick_exit abort atexit at_quick_exit __cxa_atexit getpid getppid getenv"
	 " secure_getenv setenv *setjmp *longjmp prctl syscall uname sysconf gethostname "},
	{"sockets", "env_send sends",
	 " socket* bind listen accept* connect send* recv* select poll ppoll epoll_* getaddrinfo"
	 " getsockopt setsockopt shutdown inet_* "},
	{"files", "env_log_append, env_cell_put and env_snapshot_commit are the disk",
	 " open* creat* close read pread* readv write pwrite* writev lseek* stat* fstat* lstat*"
	 " unlink* rename* mkdir* rmdir *opendir readdir* closedir mmap* munmap msync fsync"
	 " fdatasync ftruncate* truncate* ioctl fcntl* flock dup* pipe* access remove mkstemp* "},
	{"allocation", "env_alloc, env_realloc and env_free",
	 " malloc calloc realloc reallocarray free posix_memalign aligned_alloc memalign valloc"
	 " strdup strndup asprintf vasprintf getline sbrk brk obstack_* _Zn* _Zd* "},
	{"stdio", "env_note writes a line of the trace",
	 " *printf put* puts fput* fwrite fread fopen* fdopen freopen* fclose fflush fseek* ftell*"
	 " *scanf get* fget* ungetc perror stdout stdin stderr setvbuf setbuf open_memstream"
	 " fileno feof ferror rewind __overflow __uflow "},
	{"the locale", "compare bytes",
	 " setlocale localeconv strcoll* strxfrm* toupper tolower is* __ctype_* strcasecmp*"
	 " strncasecmp* strerror* strto* ato* wc* mb* "},
	{"floating point", "libm differs between machines: reckon in integers",
	 " sin* cos* tan* asin* acos* atan* exp* log* pow* sqrt* cbrt* floor* ceil* round* trunc*"
	 " fmod* fma* fabs* hypot* lround* llround* rint* nearbyint* ldexp* frexp* modf* "},
	{"sorting", "what it does with equals is nobody's promise, and it may allocate",
	 " qsort qsort_r "},
	{"errno", "it tells of calls that are refused", " __errno_location "},
	{"other libraries", "a plug-in brings all that it needs",
	 " dlopen dlsym dlclose dladdr dl_iterate_phdr "},
	{"sanitizers and profilers", "build it without -fsanitize, --coverage and -pg",
	 " __asan_* __ubsan_* __tsan_* __msan_* __sanitizer_* __gcov_* __llvm_* mcount _mcount"
	 " __fentry__ __cyg_profile_* "},
	{"the runtime of C++", "a plug-in is C", " __cxa_* __gxx_* _Z* _Unwind_* "},
};

/* "time" of "time", "clock_*", "*printf", "get*s": at most one star at each end. */
static bool fits(const char *name, const char *word, size_t size)
{
	size_t length = strlen(name);
	bool open_front = size && word[0] == '*', open_back = size && word[size - 1] == '*';

	word += open_front;
	size -= (size_t)open_front + open_back;
	if (length < size)
		return false;
	if (open_front && open_back)
		return memmem(name, length, word, size) != NULL;
	if (open_front)
		return memcmp(name + length - size, word, size) == 0;
	return memcmp(name, word, size) == 0 && (open_back || length == size);
}

static bool among(const char *name, const char *words)
{
	for (words += strspn(words, " "); *words; words += strspn(words, " ")) {
		size_t size = strcspn(words, " ");

		if (fits(name, words, size))
			return true;
		words += size;
	}
	return false;
}

/* What a hardened build calls instead: __memcpy_chk is memcpy; and C23's names of old friends. */
static const char *plain(const char *name, char text[64])
{
	size_t size = strlen(name);
	static const char *const fronts[] = {"__isoc99_", "__isoc23_"};

	if (size > 6 && size < 64 && !strncmp(name, "__", 2) && !strcmp(name + size - 4, "_chk")) {
		snprintf(text, 64, "%.*s", (int)size - 6, name + 2);
		return text;
	}
	for (size_t i = 0; i < sizeof(fronts) / sizeof(fronts[0]); i++)
		if (!strncmp(name, fronts[i], strlen(fronts[i])))
			return name + strlen(fronts[i]);
	return strcmp(name, "__strtok_r") != 0 ? name : "strtok_r";
}

bool name_allowed(const char *name)
{
	char text[64];

	return among(name, allowed) || among(plain(name, text), allowed);
}

void name_family(const char *name, const char **family, const char **instead)
{
	char text[64];

	*family = "unknown";
	*instead = "it is not known to be pure";
	for (size_t i = 0; i < sizeof(families) / sizeof(families[0]); i++) {
		if (!among(plain(name, text), families[i].words))
			continue;
		*family = families[i].name;
		*instead = families[i].instead;
		return;
	}
}
