/* A program as it is written every day, for the demo and the benchmark: threads take files from a
 * list, fold each word to lower case, and note in one shared index on which lines it occurs. Every
 * word is a block of its own until it is known whether the index has it; lists of places grow by
 * realloc, and blocks are freed by other threads than allocated them.
 *
 * `word_index THREADS FOLDER…` prints how many files, words and distinct words it saw. */
#define _GNU_SOURCE
#include <ctype.h>
#include <ftw.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { SHARDS = 64, BUCKETS = 4096, MOST_THREADS = 256 };

struct place {
    unsigned file, line;
};

struct entry {
    struct entry* next;
    char* word;
    struct place* places;
    size_t count, room;
};

/* A lock for each part of the index: threads meet in the allocator, hardly here. */
struct shard {
    pthread_mutex_t lock;
    struct entry* buckets[BUCKETS];
};

static struct shard shards[SHARDS];
static char** files;
static size_t file_count, file_room, next_file;
static pthread_mutex_t file_lock = PTHREAD_MUTEX_INITIALIZER;

static void* checked(void* block) {
    if (!block) {
        fputs("word_index: out of memory\n", stderr);
        exit(1);
    }
    return block;
}

static int note_file(const char* path, const struct stat* about, int kind, struct FTW* where) {
    (void)where;
    if (kind != FTW_F || !S_ISREG(about->st_mode)) return 0;
    if (file_count == file_room) {
        file_room = file_room ? 2 * file_room : 64;
        files = checked(realloc(files, file_room * sizeof *files));
    }
    files[file_count++] = checked(strdup(path));
    return 0;
}

static char* folded(const char* text, size_t length) {
    char* word = checked(malloc(length + 1));
    for (size_t i = 0; i < length; i++) word[i] = (char)tolower((unsigned char)text[i]);
    word[length] = 0;
    return word;
}

static uint32_t hash(const char* word) {
    uint32_t sum = 2166136261u; /* FNV-1a */
    while (*word) sum = (sum ^ (unsigned char)*word++) * 16777619u;
    return sum ^ sum >> 15;
}

static void add_place(struct entry* entry, struct place place) {
    if (entry->count == entry->room) {
        entry->room = entry->room ? 2 * entry->room : 1;
        entry->places = checked(realloc(entry->places, entry->room * sizeof *entry->places));
    }
    entry->places[entry->count++] = place;
}

/* Takes the word over. */
static void add(char* word, struct place place) {
    const uint32_t key = hash(word);
    struct shard* shard = &shards[key % SHARDS];
    struct entry** slot = &shard->buckets[key / SHARDS % BUCKETS];
    pthread_mutex_lock(&shard->lock);
    struct entry* entry = *slot;
    while (entry && strcmp(entry->word, word) != 0) entry = entry->next;
    if (!entry) {
        entry = checked(calloc(1, sizeof *entry));
        entry->word = word;
        entry->next = *slot;
        *slot = entry;
        word = NULL;
    }
    add_place(entry, place);
    pthread_mutex_unlock(&shard->lock);
    free(word);
}

static size_t read_line(const char* line, struct place place) {
    size_t words = 0;
    while (*line) {
        size_t length = 0;
        while (isalnum((unsigned char)line[length]) || line[length] == '_') length++;
        if (length == 0) {
            line++;
            continue;
        }
        add(folded(line, length), place);
        line += length;
        words++;
    }
    return words;
}

static size_t read_file(unsigned number) {
    FILE* file = fopen(files[number], "r");
    if (!file) return 0;
    char* line = NULL;
    size_t room = 0, words = 0;
    for (unsigned at = 1; getline(&line, &room, file) > 0; at++)
        words += read_line(line, (struct place){number, at});
    free(line);
    fclose(file);
    return words;
}

static void* work(void* unused) {
    (void)unused;
    size_t words = 0;
    for (;;) {
        pthread_mutex_lock(&file_lock);
        const size_t number = next_file < file_count ? next_file++ : file_count;
        pthread_mutex_unlock(&file_lock);
        if (number == file_count) return (void*)words;
        words += read_file((unsigned)number);
    }
}

/* Frees the index; how many distinct words it had. */
static size_t take_down(void) {
    size_t distinct = 0;
    for (size_t i = 0; i < SHARDS * BUCKETS; i++) {
        struct entry* entry = shards[i / BUCKETS].buckets[i % BUCKETS];
        while (entry) {
            struct entry* next = entry->next;
            free(entry->places);
            free(entry->word);
            free(entry);
            entry = next;
            distinct++;
        }
    }
    return distinct;
}

int main(int argc, char** argv) {
    const int threads = argc > 2 ? atoi(argv[1]) : 0;
    if (threads < 1 || threads > MOST_THREADS) {
        fputs("usage: word_index THREADS FOLDER...\n", stderr);
        return 2;
    }
    for (int i = 2; i < argc; i++) nftw(argv[i], note_file, 32, FTW_PHYS);
    for (int i = 0; i < SHARDS; i++) pthread_mutex_init(&shards[i].lock, NULL);
    pthread_t ids[MOST_THREADS];
    for (int i = 0; i < threads; i++) {
        if (pthread_create(&ids[i], NULL, work, NULL) != 0) return 1;
    }
    size_t words = 0;
    for (int i = 0; i < threads; i++) {
        void* count;
        pthread_join(ids[i], &count);
        words += (size_t)(uintptr_t)count;
    }
    printf("%zu files, %zu words, %zu distinct\n", file_count, words, take_down());
    for (size_t i = 0; i < file_count; i++) free(files[i]);
    free(files);
    return 0;
}
