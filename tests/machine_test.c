/* machine_test.c -- memory to spare, the processor's name: from made-up /proc and /sys. */
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/machine.h"
#include "tests/gd_test.h"

static char root[] = "/tmp/gdrun-machine-XXXXXX";

/* Writes a file below the root, with the folders on its way. */
static void give(const char *path, const char *text) {
    char full[512];
    assert_true(snprintf(full, sizeof full, "%s%s", root, path) < (int)sizeof full);
    for (char *cut = full + sizeof root; (cut = strchr(cut, '/')); cut++) {
        *cut = '\0';
        (void)mkdir(full, 0700);
        *cut = '/';
    }
    FILE *f = fopen(full, "w");
    assert_non_null(f);
    fputs(text, f);
    assert_int_equal(fclose(f), 0);
}

static int make_root(void **state) {
    (void)state;
    memcpy(root + sizeof root - 7, "XXXXXX", 6);
    return mkdtemp(root) ? 0 : -1;
}

static int drop_root(void **state) {
    char command[64];
    (void)state;
    snprintf(command, sizeof command, "rm -r %s", root);
    return system(command);
}

static void nothing_tells(void **state) {
    char name[8];
    (void)state;
    assert_true(gd_machine_room(root) == UINT64_MAX);
    assert_string_equal(gd_machine_cpu(root, name, sizeof name), "");
}

static void available_memory(void **state) {
    (void)state;
    give("/proc/meminfo", "MemTotal:       100 kB\nMemAvailable:     40 kB\n");
    assert_int_equal(gd_machine_room(root), 40 * 1024);
    give("/proc/self/cgroup", "0::/\n");
    give("/sys/fs/cgroup/memory.max", "max\n");
    give("/sys/fs/cgroup/memory.current", "7\n");
    assert_int_equal(gd_machine_room(root), 40 * 1024);
}

/* The tightest group on the way up decides; file cache can be taken back. */
static void groups_of_version_2(void **state) {
    (void)state;
    give("/proc/meminfo", "MemAvailable: 40000 kB\n");
    give("/proc/self/cgroup", "0::/a/b\n");
    give("/sys/fs/cgroup/a/b/memory.max", "20000\n");
    give("/sys/fs/cgroup/a/b/memory.current", "5000\n");
    assert_int_equal(gd_machine_room(root), 15000);
    give("/sys/fs/cgroup/a/b/memory.stat", "anon 1\ninactive_file 3000\n");
    assert_int_equal(gd_machine_room(root), 18000);
    give("/sys/fs/cgroup/a/memory.max", "9000\n");
    give("/sys/fs/cgroup/a/memory.current", "8000\n");
    assert_int_equal(gd_machine_room(root), 1000);
    give("/sys/fs/cgroup/a/memory.current", "9500\n");
    assert_int_equal(gd_machine_room(root), 0);
}

static void groups_of_version_1(void **state) {
    (void)state;
    give("/proc/self/cgroup", "5:cpu:/x\n4:memory:/docker/1\n");
    give("/sys/fs/cgroup/memory/memory.limit_in_bytes", "1000\n");
    give("/sys/fs/cgroup/memory/memory.usage_in_bytes", "900\n");
    give("/sys/fs/cgroup/memory/memory.stat", "inactive_file 1\ntotal_inactive_file 50\n");
    assert_int_equal(gd_machine_room(root), 150);
}

static void processor(void **state) {
    char name[12];
    (void)state;
    give("/proc/cpuinfo", "processor : 0\nmodel name\t: Some CPU 9000 @ 1 GHz\n");
    assert_string_equal(gd_machine_cpu(root, name, sizeof name), "Some CPU 90");
    assert_true(gd_machine_peak() > 1 << 16);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(nothing_tells, make_root, drop_root),
        cmocka_unit_test_setup_teardown(available_memory, make_root, drop_root),
        cmocka_unit_test_setup_teardown(groups_of_version_2, make_root, drop_root),
        cmocka_unit_test_setup_teardown(groups_of_version_1, make_root, drop_root),
        cmocka_unit_test_setup_teardown(processor, make_root, drop_root),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
