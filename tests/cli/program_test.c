/* program_test.c -- the frame of a program: a bug gives 70, a signal 130 or 143, outputs
 * first. */
#include "tests/gd_test.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tools/cli/program.h"

/* Exit code of `body` in a process of its own, with stdout and stderr into `text`. */
static int in_child(void (*body)(void), char *text, size_t room) {
    int     tube[2], status = 0;
    ssize_t n, at = 0;
    pid_t   pid;
    assert_int_equal(pipe(tube), 0);
    pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        dup2(tube[1], 1);
        dup2(tube[1], 2);
        close(tube[0]);
        close(tube[1]);
        body();
        _exit(99);
    }
    close(tube[1]);
    while ((n = read(tube[0], text + at, room - 1 - (size_t)at)) > 0) at += n;
    text[at] = '\0';
    close(tube[0]);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

static gd_flags flags;

static int start(const char *word) {
    char *argv[] = {(char *)"gdrun", (char *)(uintptr_t)word, NULL};
    return gd_program_start(&flags, "gdrun", GD_CMD_GDRUN, 2, argv);
}

static void bug(void) {
    if (start("version") != -1) return;
    gd_assert_fail("1 == 2", "file.c", 7);
}

static void interrupted(void) {
    if (start("version") != -1) return;
    if (gd_interrupted()) return;
    raise(SIGINT);
    if (gd_interrupted() != SIGINT) return;
    gd_print("finished\n");
    _exit(gd_program_end(&flags, 0));
}

static void terminated(void) {
    if (start("version") != -1) return;
    raise(SIGTERM);
    _exit(gd_program_end(&flags, 1));
}

static void twice(void) {
    if (start("version") != -1) return;
    raise(SIGINT);
    raise(SIGINT); /* the second one does not wait */
}

static void long_text(void) {
    static char word[70000];
    if (start("version") != -1) return;
    memset(word, 'w', sizeof word - 1);
    gd_print("%s|", word);
    gd_print_bytes(word, 3);
    _exit(gd_program_end(&flags, 0));
}

static void full(void) {
    if (start("version") != -1) return;
    dup2(open("/dev/full", O_WRONLY), 1);
    gd_print("x");
    gd_print_flush();
    gd_print("y");
    _exit(gd_program_end(&flags, 0));
}

static void ends(void **state) {
    (void)state;
    static char text[1 << 17];
    assert_int_equal(in_child(bug, text, sizeof text), 70);
    assert_non_null(strstr(text, "file.c:7: gdrun bug: 1 == 2"));
    assert_non_null(strstr(text, "error[E070]"));
    assert_int_equal(in_child(interrupted, text, sizeof text), 130);
    assert_string_equal(text, "finished\n");
    assert_int_equal(in_child(terminated, text, sizeof text), 143);
    assert_int_equal(in_child(twice, text, sizeof text), -SIGINT);
    assert_int_equal(in_child(long_text, text, sizeof text), 0);
    assert_int_equal(strlen(text), 70003);
    assert_int_equal(in_child(full, text, sizeof text), 9);
    assert_string_equal(text, "gdrun: error[E901]: cannot write to standard output: No space "
                              "left on device\n");
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(ends)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
