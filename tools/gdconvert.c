/* gdconvert.c -- the program that turns checkpoints into .gdw files, offline and confined. */
#include <string.h>

#include "engine/mem.h"
#include "tools/cli/model_table.h"
#include "tools/cli/program.h"
#include "tools/cli/sources.h"
#include "tools/convert/confine.h"
#include "tools/convert/convert.h"
#include "weights/import/inspect.h"

/* Which flags must be there, and which must not. */
static gd_status check_usage(const gd_flags *f, gd_error *err) {
    bool        inspect = gd_flag_on(f, GD_OPT_INSPECT);
    const char *out = gd_flag_text(f, GD_OPT_OUT);
    if (f->n_args == 0)
        return gd_fail_code(err, GD_ERR_ARG, 207, "no file to convert; --help tells the usage");
    if (f->n_args > 1)
        return gd_fail_code(err, GD_ERR_ARG, 209, "one file at a time: '%s' is one too many",
                            f->args[1]);
    if (gd_flag_on(f, GD_OPT_INSPECT_JSON) && !inspect)
        return gd_fail_code(err, GD_ERR_ARG, 209, "--json goes with --inspect");
    if (inspect && out)
        return gd_fail_code(err, GD_ERR_ARG, 209, "--inspect writes no file, so not -o %s",
                            out);
    if (!inspect && !out)
        return gd_fail_code(err, GD_ERR_ARG, 207, "-o OUT.gdw is missing: where to write");
    char        other[4096];
    const char *read[] = {f->args[0], gd_flag_text(f, GD_OPT_NAMES),
                          gd_flag_text(f, GD_OPT_LICENSE), gd_flag_text(f, GD_OPT_WEIGHTS)};
    if (!read[3] && gd_ckpt_companion(f->args[0], other, sizeof other)) read[3] = other;
    for (int i = 0; out && i < 4; i++)
        if (read[i] && gd_same_file(read[i], out))
            return gd_fail_code(err, GD_ERR_ARG, 208, "'%s' would be read and written", out);
    return GD_OK;
}

/* An index of shards needs the folder it lies in, one file of a Darknet model the other one;
 * any other input only itself. */
static gd_status confine(const gd_flags *f, gd_error *err) {
    const char *in = f->args[0], *dot = strrchr(in, '.'), *slash = strrchr(in, '/');
    char        folder[4096], other[4096];
    gd_confined got;
    const char *read[] = {in, gd_flag_text(f, GD_OPT_NAMES), gd_flag_text(f, GD_OPT_LICENSE),
                          gd_flag_text(f, GD_OPT_WEIGHTS), NULL};
    if (!read[3] && gd_ckpt_companion(in, other, sizeof other)) read[3] = other;
    if (dot && strcmp(dot, ".json") == 0) {
        size_t n = slash ? (size_t)(slash - in) + 1 : 0;
        if (n < sizeof folder) {
            memcpy(folder, n ? in : ".", n ? n : 1);
            folder[n ? n : 1] = '\0';
            read[4] = folder;
        }
    }
    GD_TRY(gd_confine(read, 5, gd_flag_text(f, GD_OPT_OUT), &got, err));
    if (!got.files) gd_warn(467, "this kernel does not confine file access (no Landlock)");
    return GD_OK;
}

/* The tensors of the file on stdout. */
static gd_status inspect(const gd_convert_job *job, bool json, gd_error *err) {
    gd_ckpt  *c = NULL;
    char     *text = NULL;
    gd_status st;
    GD_GO(gd_convert_open(job, &c, err));
    GD_GO(json ? gd_inspect_json(c, &text, err) : gd_inspect_text(c, &text, err));
    gd_print_bytes(text, strlen(text));
done:
    gd_mem_put(text);
    gd_ckpt_close(c);
    return st;
}

static int run(gd_flags *f) {
    gd_error err = {0};
    gd_exit  subject = GD_EXIT_USAGE;
    if (gd_flag_on(f, GD_OPT_LIST))
        return gd_model_table(&err) == GD_OK ? GD_EXIT_OK
                                             : (int)gd_report_error(&err, GD_EXIT_BUG, NULL);
    if (check_usage(f, &err) != GD_OK) return (int)gd_report_error(&err, subject, NULL);
    const gd_convert_job job = {
        .input = f->args[0],
        .output = gd_flag_text(f, GD_OPT_OUT),
        .arch = gd_flag_text(f, GD_OPT_ARCH),
        .names = gd_flag_text(f, GD_OPT_NAMES),
        .license = gd_flag_text(f, GD_OPT_LICENSE),
        .weights = gd_flag_text(f, GD_OPT_WEIGHTS),
        .set = gd_flag_get(f, GD_OPT_SET)->items,
        .n_set = gd_flag_get(f, GD_OPT_SET)->n_items,
        .num_classes = (int)gd_flag_int(f, GD_OPT_NUM_CLASSES),
        .reset_head = gd_flag_on(f, GD_OPT_RESET_HEAD),
        .allow_deflate = gd_flag_on(f, GD_OPT_ALLOW_DEFLATE),
        .strict = gd_flag_on(f, GD_OPT_STRICT),
        .half = strcmp(gd_flag_text(f, GD_OPT_STORE), "fp16") == 0,
        .replace = gd_flag_on(f, GD_OPT_YES),
    };
    subject = GD_EXIT_MODEL;
    if (confine(f, &err) != GD_OK) return (int)gd_report_error(&err, subject, NULL);
    gd_status st = gd_flag_on(f, GD_OPT_INSPECT)
                       ? inspect(&job, gd_flag_on(f, GD_OPT_INSPECT_JSON), &err)
                       : gd_convert(&job, &subject, &err);
    return st == GD_OK ? GD_EXIT_OK : (int)gd_report_error(&err, subject, job.input);
}

static int program(int argc, char **argv) {
    gd_flags f;
    int      code = gd_program_start(&f, "gdconvert", GD_CMD_CONVERT, argc, argv);
    if (code < 0) code = run(&f);
    return gd_program_end(&f, code);
}

int main(int argc, char **argv) { return gd_program_main(program, argc, argv); }
