/* print.c -- the record of a bench as Markdown, CSV or JSON. */
#include <math.h>
#include <string.h>

#include "engine/mem.h"
#include "tools/bench/bench.h"
#include "tools/cli/program.h"
#include "tools/cli/text.h"
#include "weights/json_make.h"

static double rate(const gd_bench_row *r, int what) {
    return r->time[what].median > 0 ? 1e3 * r->batch / r->time[what].median : 0;
}

static double mib(uint64_t bytes) { return (double)bytes / 0x1p20; }

/* ---- Markdown ---------------------------------------------------------------------------- */

static void md_facts(const gd_bench_record *r) {
    char model[300], picture[300], name[200];
    gd_print("gdrun %s, %s (%s), picture %dx%d (%s), %s\n", gd_version(), r->arch,
             gd_escape(model, sizeof model, r->model), r->width, r->height,
             r->picture ? gd_escape(picture, sizeof picture, r->picture) : "made up", r->date);
    gd_print("%s: %s", r->stats.device, gd_escape(name, sizeof name, r->stats.name));
    if (*r->stats.driver) gd_print(", driver %s", r->stats.driver);
    gd_print(", %d CPU thread%s; at most %d runs after %d of warm-up\n\n", r->threads,
             r->threads == 1 ? "" : "s", r->iters, r->warmup);
}

static void md_row(const gd_bench_row *r, int what, bool gpu) {
    static const char *const words[] = {"on the device", "host to host", "from the file"};
    const gd_timing         *t = &r->time[what];
    if (!t->n) return;
    gd_print("| %s | %d | %s | %.3f | %.3f | %.3f | %.1f %% | %d | %.1f |", r->precision,
             r->batch, words[what], t->median, t->p90, t->p99, 100 * t->spread, t->n,
             rate(r, what));
    gd_print(" %.1f |", mib(r->peak_bytes));
    if (gpu) gd_print(" %.1f |", mib(r->used_bytes));
    gd_print(" %.1f |\n", mib(r->process_bytes));
}

/* What the table comes to: where throughput peaks, and where memory ended. */
static void md_end(const gd_bench_record *r) {
    const gd_bench_row *best = NULL;
    for (int i = 0; i < r->n; i++) {
        const gd_bench_row *row = &r->row[i];
        char                shown[500];
        if (row->error.status == GD_OK) {
            if (!best || rate(row, GD_BENCH_HOST) > rate(best, GD_BENCH_HOST)) best = row;
            continue;
        }
        gd_print("%s%s, batch %d: not measured: %s\n",
                 i && !r->row[i - 1].error.status ? "\n" : "", row->precision, row->batch,
                 gd_escape(shown, sizeof shown, row->error.msg));
    }
    if (best && r->n > 1)
        gd_print(
            "\nmost throughput, host to host: %s, batch %d, %.1f img/s (%.3f ms a picture, "
            "amortised)\n",
            best->precision, best->batch, rate(best, GD_BENCH_HOST),
            best->time[GD_BENCH_HOST].median / best->batch);
}

static void print_md(const gd_bench_record *r) {
    const bool gpu = strcmp(r->stats.device, "cpu") != 0;
    md_facts(r);
    gd_print("| precision | batch | time | median ms | p90 | p99 | spread | runs | img/s | "
             "session MiB |%s program MiB |\n|---|---|---|---|---|---|---|---|---|---|%s---|\n",
             gpu ? " device MiB in use |" : "", gpu ? "---|" : "");
    for (int i = 0; i < r->n; i++)
        for (int k = 0; k < GD_N_BENCH && r->row[i].error.status == GD_OK; k++)
            md_row(&r->row[i], k, gpu);
    md_end(r);
}

/* ---- CSV --------------------------------------------------------------------------------- */

static void print_csv(const gd_bench_record *r) {
    gd_print("device,precision,batch,time,runs,best_ms,mean_ms,median_ms,p90_ms,p99_ms,spread,"
             "img_per_s,session_bytes,device_used_bytes,process_bytes\n");
    for (int i = 0; i < r->n; i++)
        for (int k = 0; k < GD_N_BENCH; k++) {
            const gd_bench_row *row = &r->row[i];
            const gd_timing    *t = &row->time[k];
            if (row->error.status != GD_OK || !t->n) continue;
            gd_print("%s,%s,%d,%s,%d,%.6f,%.6f,%.6f,%.6f,%.6f,%.6f,%.3f,%llu,%llu,%llu\n",
                     r->stats.device, row->precision, row->batch, gd_bench_name[k], t->n,
                     t->best, t->mean, t->median, t->p90, t->p99, t->spread, rate(row, k),
                     (unsigned long long)row->peak_bytes, (unsigned long long)row->used_bytes,
                     (unsigned long long)row->process_bytes);
        }
}

/* ---- JSON -------------------------------------------------------------------------------- */

/* Six digits after the point are a nanosecond. */
static json_t *number(double v) { return json_real(round(v * 1e6) / 1e6); }

static json_t *timing_json(const gd_bench_row *r, int what, bool *ok) {
    const gd_timing *t = &r->time[what];
    json_t          *o = json_object();
    gd_json_set(ok, o, "runs", json_integer(t->n));
    gd_json_set(ok, o, "best", number(t->best));
    gd_json_set(ok, o, "mean", number(t->mean));
    gd_json_set(ok, o, "median", number(t->median));
    gd_json_set(ok, o, "p90", number(t->p90));
    gd_json_set(ok, o, "p99", number(t->p99));
    gd_json_set(ok, o, "spread", number(t->spread));
    gd_json_set(ok, o, "img_per_s", number(rate(r, what)));
    return o;
}

static json_t *row_json(const gd_bench_row *r, bool *ok) {
    json_t *o = json_object();
    gd_json_set(ok, o, "precision", json_string(r->precision));
    gd_json_set(ok, o, "batch", json_integer(r->batch));
    if (r->error.status != GD_OK) {
        gd_json_set(ok, o, "error", gd_json_string(r->error.msg));
        gd_json_set(ok, o, "code", json_integer(r->error.code));
        return o;
    }
    json_t *ms = json_object();
    for (int k = 0; k < GD_N_BENCH; k++)
        if (r->time[k].n) gd_json_set(ok, ms, gd_bench_name[k], timing_json(r, k, ok));
    gd_json_set(ok, o, "ms", ms);
    gd_json_set(ok, o, "results", json_integer(r->results));
    gd_json_set(ok, o, "session_bytes", json_integer((json_int_t)r->peak_bytes));
    gd_json_set(ok, o, "device_used_bytes", json_integer((json_int_t)r->used_bytes));
    gd_json_set(ok, o, "process_bytes", json_integer((json_int_t)r->process_bytes));
    return o;
}

static gd_status print_json(const gd_bench_record *r, gd_error *err) {
    bool    ok = true;
    json_t *root = json_object(), *rows = json_array(), *picture = json_object();
    for (int i = 0; i < r->n; i++) gd_json_add(&ok, rows, row_json(&r->row[i], &ok));
    gd_json_set(&ok, picture, "file", gd_json_string(r->picture ? r->picture : ""));
    gd_json_set(&ok, picture, "width", json_integer(r->width));
    gd_json_set(&ok, picture, "height", json_integer(r->height));
    gd_json_set(&ok, root, "gdrun", json_string(gd_version()));
    gd_json_set(&ok, root, "date", json_string(r->date));
    gd_json_set(&ok, root, "device", json_string(r->stats.device));
    gd_json_set(&ok, root, "name", gd_json_string(r->stats.name));
    gd_json_set(&ok, root, "driver", gd_json_string(r->stats.driver));
    gd_json_set(&ok, root, "threads", json_integer(r->threads));
    gd_json_set(&ok, root, "model", gd_json_string(r->model));
    gd_json_set(&ok, root, "architecture", gd_json_string(r->arch));
    gd_json_set(&ok, root, "picture", picture);
    gd_json_set(&ok, root, "iters", json_integer(r->iters));
    gd_json_set(&ok, root, "warmup", json_integer(r->warmup));
    gd_json_set(&ok, root, "rows", rows);
    char *text = ok ? gd_json_text(root, JSON_INDENT(1)) : NULL;
    json_decref(root);
    if (!text) return gd_fail(err, GD_ERR_NOMEM, "no memory for the record");
    gd_print_bytes(text, strlen(text));
    gd_print("\n");
    gd_mem_put(text);
    return GD_OK;
}

gd_status gd_bench_print(const gd_bench_record *r, const char *form, gd_error *err) {
    if (!strcmp(form, "json")) return print_json(r, err);
    if (!strcmp(form, "csv"))
        print_csv(r);
    else
        print_md(r);
    return GD_OK;
}
