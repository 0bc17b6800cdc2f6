/* events_test.c -- TensorBoard's records, to the byte. */
#include <dirent.h>
#include <unistd.h>

#include "engine/io.h"
#include "engine/mem.h"
#include "tests/gd_test.h"
#include "tools/train/events.h"

/* Seconds 1.5, the version; then seconds 2, step 300, "loss" = 0.5 and "lr" = -2. Made by a
 * Python program from TensorFlow's descriptions, checksums bit by bit; TensorBoard 2 read
 * it. */
static const unsigned char want[] = {
    0x18, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0xa3, 0x7f, 0x4b, 0x22, 0x09, 0x00,
    0x00, 0x00, 0x00, 0x00, 0x00, 0xf8, 0x3f, 0x1a, 0x0d, 0x62, 0x72, 0x61, 0x69, 0x6e,
    0x2e, 0x45, 0x76, 0x65, 0x6e, 0x74, 0x3a, 0x32, 0x2a, 0x28, 0x64, 0x6c, 0x26, 0x00,
    0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x73, 0x4f, 0xe3, 0x00, 0x09, 0x00, 0x00, 0x00,
    0x00, 0x00, 0x00, 0x00, 0x40, 0x10, 0xac, 0x02, 0x2a, 0x18, 0x0a, 0x0b, 0x0a, 0x04,
    0x6c, 0x6f, 0x73, 0x73, 0x15, 0x00, 0x00, 0x00, 0x3f, 0x0a, 0x09, 0x0a, 0x02, 0x6c,
    0x72, 0x15, 0x00, 0x00, 0x00, 0xc0, 0x90, 0x0c, 0x1a, 0xc1};

static void to_the_byte(void **state) {
    gd_events       e;
    gd_error        err = {0};
    unsigned char  *data;
    size_t          size;
    const gd_figure figure[] = {{"loss", 0.5}, {"lr", -2}};
    (void)state;
    gd_assert_ok(gd_events_open(&e, "/tmp", 1.5, &err), &err);
    gd_assert_ok(gd_events_put(&e, 2, 300, figure, 2, &err), &err);
    gd_assert_ok(gd_file_slurp(e.path, 1 << 16, &data, &size, &err), &err);
    unlink(e.path);
    gd_events_close(&e);
    assert_int_equal(size, sizeof want);
    assert_memory_equal(data, want, sizeof want);
    gd_mem_put(data);
}

static void nowhere(void **state) {
    gd_events e;
    gd_error  err = {0};
    (void)state;
    assert_int_equal(gd_events_open(&e, "/no/such/folder", 1, &err), GD_ERR_IO);
    assert_int_equal(e.fd, -1);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(to_the_byte),
                                       cmocka_unit_test(nowhere)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
