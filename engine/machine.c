/* machine.c -- see machine.h. */
#include "engine/machine.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PATH = 4352, LINE = 512 };

static FILE *open_under(const char *root, const char *folder, const char *file) {
    char full[PATH];
    if (snprintf(full, sizeof full, "%s%s/%s", root, folder, file) >= (int)sizeof full)
        return NULL;
    return fopen(full, "re");
}

/* The number after `key` at the start of a line (key "": the file's first number). */
static bool number_in(const char *root, const char *folder, const char *file, const char *key,
                      uint64_t *out) {
    char   line[LINE];
    bool   found = false;
    FILE  *f = open_under(root, folder, file);
    size_t n = strlen(key);
    while (f && !found && fgets(line, sizeof line, f)) {
        char *end;
        if (strncmp(line, key, n) != 0) continue;
        *out = strtoull(line + n, &end, 10);
        found = end != line + n;
        if (!n) break;
    }
    if (f) fclose(f);
    return found;
}

/* What one group leaves; UINT64_MAX when it has no limit ("max", or a number beyond memory). */
static uint64_t group_room(const char *root, const char *folder, const char *limit_file,
                           const char *used_file, const char *cache_key) {
    uint64_t limit, used, cache = 0;
    if (!number_in(root, folder, limit_file, "", &limit)) return UINT64_MAX;
    if (!number_in(root, folder, used_file, "", &used)) return UINT64_MAX;
    (void)number_in(root, folder, "memory.stat", cache_key, &cache);
    used = used > cache ? used - cache : 0;
    return limit > used ? limit - used : 0;
}

static uint64_t least(uint64_t a, uint64_t b) { return a < b ? a : b; }

/* Every group from the process's own up to the root, of both versions of the interface. */
static uint64_t groups_room(const char *root) {
    char     line[LINE], folder[LINE + 32];
    uint64_t room = UINT64_MAX;
    FILE    *f = open_under(root, "/proc/self", "cgroup");
    while (f && fgets(line, sizeof line, f)) {
        const bool second = !strncmp(line, "0::", 3);
        char      *path = second ? line + 3 : strstr(line, ":memory:");
        if (!path) continue;
        if (!second) path += strlen(":memory:");
        path[strcspn(path, "\n")] = '\0';
        /* In a container the path may not exist below its own mount: then "/" does. */
        for (char *cut = path + strlen(path);; cut = strrchr(path, '/')) {
            if (!cut) break;
            *cut = '\0';
            snprintf(folder, sizeof folder, "/sys/fs/cgroup%s%s", second ? "" : "/memory",
                     path);
            room = least(room,
                         second ? group_room(root, folder, "memory.max", "memory.current",
                                             "inactive_file ")
                                : group_room(root, folder, "memory.limit_in_bytes",
                                             "memory.usage_in_bytes", "total_inactive_file "));
            if (cut == path) break;
        }
    }
    if (f) fclose(f);
    return room;
}

uint64_t gd_machine_room(const char *root) {
    uint64_t kib, room = UINT64_MAX;
    if (number_in(root, "/proc", "meminfo", "MemAvailable:", &kib)) room = kib * 1024;
    return least(room, groups_room(root));
}

char *gd_machine_cpu(const char *root, char *out, size_t size) {
    char  line[LINE];
    FILE *f = open_under(root, "/proc", "cpuinfo");
    *out = '\0';
    while (f && fgets(line, sizeof line, f)) {
        const char *colon = strchr(line, ':');
        if (strncmp(line, "model name", 10) != 0 || !colon) continue;
        colon += 1 + strspn(colon + 1, " \t");
        snprintf(out, size, "%.*s", (int)strcspn(colon, "\n"), colon);
        break;
    }
    if (f) fclose(f);
    return out;
}

uint64_t gd_machine_peak(void) {
    uint64_t kib;
    return number_in("", "/proc/self", "status", "VmHWM:", &kib) ? kib * 1024 : 0;
}
