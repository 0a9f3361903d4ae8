/* libc functions that allocate for the program, and those that allocate for themselves. What a
 * program must free has to be the provider's. */
#define _GNU_SOURCE
#include <aio.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <locale.h>
#include <netdb.h>
#include <pthread.h>
#include <regex.h>
#include <search.h>
#include <semaphore.h>
#include <spawn.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <wchar.h>
#include <dirent.h>

#include "provider.h"

extern char** environ;

static void strings(void) {
    char* p = seen(strdup("abc"));
    CHECK_OWNED(p);
    CHECK(strcmp(p, "abc") == 0);
    free(p);
    p = seen(strndup("abcdef", 3));
    CHECK_OWNED(p);
    CHECK(strcmp(p, "abc") == 0);
    free(p);
    wchar_t* w = wcsdup(L"wide");
    CHECK_OWNED(w);
    free(w);
    CHECK(asprintf(&p, "%d-%s", 42, "x") == 4);
    CHECK_OWNED(p);
    free(p);
    p = realpath("/", NULL);
    CHECK_OWNED(p);
    CHECK(strcmp(p, "/") == 0);
    free(p);
    p = getcwd(NULL, 0);
    CHECK_OWNED(p);
    free(p);
    CHECK(setenv("GILD_TEST_VARIABLE", "1", 1) == 0 && setenv("GILD_TEST_VARIABLE", "22", 1) == 0);
    CHECK(strcmp(getenv("GILD_TEST_VARIABLE"), "22") == 0);
    CHECK(unsetenv("GILD_TEST_VARIABLE") == 0);
    ok("strdup asprintf realpath getcwd setenv");
}

static void streams(void) {
    char* text = NULL;
    size_t size = 0;
    FILE* stream = open_memstream(&text, &size);
    for (int i = 0; i < 10000; i++) fprintf(stream, "line %d\n", i);
    CHECK(fclose(stream) == 0);
    CHECK_OWNED(text);

    stream = fmemopen(text, size, "r");
    char* line = NULL;
    size_t capacity = 0;
    int lines = 0;
    while (getline(&line, &capacity, stream) > 0) lines++;
    CHECK(lines == 10000);
    CHECK_OWNED(line);
    free(line);
    fclose(stream);
    char* word = NULL;
    CHECK(sscanf(text, "%ms", &word) == 1 && strcmp(word, "line") == 0);
    CHECK_OWNED(word);
    free(word);
    free(text);

    stream = fopen("/dev/null", "w");
    CHECK(stream != NULL && setvbuf(stream, NULL, _IOFBF, 100000) == 0);
    fprintf(stream, "%0500d", 1);
    CHECK(fclose(stream) == 0);
    stream = popen("echo popen", "r");
    char buffer[16];
    CHECK(stream != NULL && fgets(buffer, sizeof buffer, stream) != NULL);
    CHECK(pclose(stream) == 0);
    ok("open_memstream getline sscanf fopen popen");
}

static void files(void) {
    glob_t found;
    CHECK(glob("/etc/pass*", 0, NULL, &found) == 0 && found.gl_pathc >= 1);
    CHECK_OWNED(found.gl_pathv);
    CHECK_OWNED(found.gl_pathv[0]);
    globfree(&found);
    DIR* directory = opendir("/");
    CHECK(directory != NULL && readdir(directory) != NULL && closedir(directory) == 0);
    struct dirent** names;
    int count = scandir("/", &names, NULL, alphasort);
    CHECK(count > 0);
    CHECK_OWNED(names);
    while (count > 0) free(names[--count]);
    free(names);
    ok("glob opendir scandir");
}

static int compare(const void* a, const void* b) { return *(const int*)a - *(const int*)b; }

static void algorithms(void) {
    regex_t regex;
    regmatch_t match[3];
    CHECK(regcomp(&regex, "(a+)(b|c){2,3}", REG_EXTENDED) == 0);
    CHECK(regexec(&regex, "xxaaabcb", 3, match, 0) == 0 && match[0].rm_so == 2);
    regfree(&regex);
    static int numbers[100000];
    for (int i = 0; i < 100000; i++) numbers[i] = (int)((i * 7919u) % 100003u);
    qsort(numbers, 100000, sizeof *numbers, compare);
    for (int i = 1; i < 100000; i++) CHECK(numbers[i - 1] <= numbers[i]);
    void* root = NULL;
    for (int i = 0; i < 100; i++) CHECK(tsearch(&numbers[i], &root, compare) != NULL);
    while (root != NULL) tdelete(*(int**)root, &root, compare);
    CHECK(hcreate(100) != 0);
    hdestroy();
    ok("regex qsort tsearch hcreate");
}

static void locales(void) {
    CHECK(setlocale(LC_ALL, "C.UTF-8") != NULL);
    for (int i = 0; i < 50; i++) {
        locale_t one = newlocale(LC_ALL_MASK, "C.UTF-8", (locale_t)0);
        CHECK(one != (locale_t)0);
        locale_t two = duplocale(one);
        CHECK(two != (locale_t)0);
        locale_t three = newlocale(LC_CTYPE_MASK, "C", two); /* changes or replaces `two` */
        CHECK(three != (locale_t)0);
        locale_t old = uselocale(three);
        uselocale(old);
        freelocale(three);
        freelocale(one);
    }
    CHECK(setlocale(LC_ALL, "C") != NULL);
    setenv("TZ", "Europe/Vienna", 1);
    tzset();
    setenv("TZ", "XXX-1:23YYY,M3.5.0,M10.5.0/3", 1);
    tzset();
    time_t now = 0;
    struct tm tm;
    CHECK(localtime_r(&now, &tm) != NULL && tm.tm_min == 23);
    ok("locales and time zones");
}

static void* fail_to_load(void* argument) {
    /* The message is kept per thread, and freed with it. */
    if (dlsym(RTLD_DEFAULT, "gild_no_such_symbol") == NULL) {
        const char* message = dlerror();
        CHECK(message != NULL && message[0] != '\0');
    }
    return argument;
}

static void dynamic(void) {
    pthread_t thread;
    for (int i = 0; i < 20; i++) {
        fail_to_load(NULL);
        CHECK(pthread_create(&thread, NULL, fail_to_load, NULL) == 0);
        CHECK(pthread_join(thread, NULL) == 0);
    }
    ok("dlerror");
}

static void processes(void) {
    for (int i = 0; i < 20; i++) {
        posix_spawn_file_actions_t actions;
        pid_t pid;
        int status;
        char* arguments[] = {(char*)"sh", (char*)"-c", (char*)"exit 7", NULL};
        CHECK(posix_spawn_file_actions_init(&actions) == 0);
        CHECK(posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0) == 0);
        CHECK(posix_spawn_file_actions_adddup2(&actions, 1, 2) == 0);
        CHECK(posix_spawn_file_actions_addclose(&actions, 9) == 0);
        CHECK(posix_spawn(&pid, "/bin/sh", &actions, NULL, arguments, environ) == 0);
        CHECK(posix_spawn_file_actions_destroy(&actions) == 0);
        CHECK(waitpid(pid, &status, 0) == pid && WEXITSTATUS(status) == 7);
    }
    ok("posix_spawn");
}

static void asynchronous(void) {
    char buffer[16] = {0};
    const int fd = open("/proc/self/exe", O_RDONLY);
    struct aiocb request = {.aio_fildes = fd, .aio_buf = buffer, .aio_nbytes = sizeof buffer};
    const struct aiocb* list[] = {&request};
    for (int i = 0; i < 20; i++) {
        CHECK(aio_read(&request) == 0);
        while (aio_error(&request) == EINPROGRESS) aio_suspend(list, 1, NULL);
        CHECK(aio_return(&request) == sizeof buffer && memcmp(buffer, "\177ELF", 4) == 0);
    }
    close(fd);
    char name[64]; /* its own: this program's other builds, run beside it, would wait on one semaphore */
    snprintf(name, sizeof name, "/gild-allocator-test-%d", (int)getpid());
    sem_t* semaphore = sem_open(name, O_CREAT, 0600, 1);
    if (semaphore != SEM_FAILED) { /* no /dev/shm, no semaphore */
        CHECK(sem_wait(semaphore) == 0 && sem_close(semaphore) == 0);
        sem_unlink(name);
    }
    ok("aio sem_open");
}

static void network(void) {
    struct addrinfo hints = {.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV};
    struct addrinfo* found = NULL;
    CHECK(getaddrinfo("127.0.0.1", "80", &hints, &found) == 0);
    CHECK_OWNED(found);
    freeaddrinfo(found);
    ok("getaddrinfo");
}

int main(int argc, char** argv) {
    provider_begin(argc, argv);
    strings();
    streams();
    files();
    algorithms();
    locales();
    dynamic();
    processes();
    asynchronous();
    network();
    ok("libc paths");
    return 0;
}
