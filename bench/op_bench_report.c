/* op_bench_report.c -- what op_bench found, as lines, as JSON and as a Markdown table. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "bench/op_bench.h"

double ceiling_share(const ceiling *c, const gd_cost *cost, double ms) {
    const double copy = c->copy_gbs > 0 ? cost->bytes / c->copy_gbs * 1e-6 : 0,
                 work = c->tflops > 0 ? cost->flop / c->tflops * 1e-9 : 0;
    return ms > 0 ? (copy > work ? copy : work) / ms : 0;
}

void print_result(const result *r, const ceiling *c) {
    for (int i = 0; i < r->n; i++) {
        const measurement *m = &r->m[i];
        printf("  %-28s median %10.2f us  best %10.2f  spread %4.1f%%", m->row, m->median * 1e3,
               m->best * 1e3, (m->upper - m->lower) / m->median * 100);
        if (r->cost.flop > 0) printf("  %9.1f GFLOP/s", r->cost.flop / m->median * 1e-6);
        printf("  %7.1f GB/s", r->cost.bytes / m->median * 1e-6);
        if (c->copy_gbs > 0)
            printf("  %5.1f%% of the ceiling", ceiling_share(c, &r->cost, m->median) * 100);
        printf(m->bare ? "  bare\n" : "\n");
    }
}

static void today(char buf[32]) {
    const time_t now = time(NULL);
    struct tm    at;
    buf[0] = '\0';
    if (gmtime_r(&now, &at)) strftime(buf, 32, "%Y-%m-%d", &at);
}

static void quoted(FILE *f, const char *s) {
    fputc('"', f);
    for (; *s; s++) {
        if (*s == '"' || *s == '\\') fputc('\\', f);
        fputc((unsigned char)*s < 32 ? ' ' : *s, f);
    }
    fputc('"', f);
}

static void json_field(FILE *f, const char *name, const char *value) {
    fprintf(f, "\"%s\": ", name);
    quoted(f, value);
    fprintf(f, ", ");
}

static const char *precision(const options *o) {
    return o->half ? "fp16" : o->tf32 ? "tf32" : "fp32";
}

static int finish(FILE *f, const char *path) {
    const int bad = ferror(f) | fclose(f);
    return bad ? complain("cannot write", path) : 0;
}

int write_json(const char *path, const options *o, const gd_device *d, const ceiling *c,
               const result *r, int n) {
    char  date[32];
    FILE *f = fopen(path, "w");
    if (!f) return complain("cannot write", path);
    today(date);
    fprintf(f, "{");
    json_field(f, "device", d ? d->name : "cpu");
    json_field(f, "driver", d ? d->driver : "");
    json_field(f, "commit", o->commit);
    json_field(f, "date", date);
    json_field(f, "precision", precision(o));
    fprintf(f, "\"batch\": %d, \"warm\": %s, \"copy_gbs\": %.1f, \"tflops\": %.1f,\n", o->batch,
            o->warm ? "true" : "false", c->copy_gbs, c->tflops);
    fprintf(f, " \"nodes\": [");
    for (int i = 0; i < n; i++) {
        fprintf(f, "%s\n  {", i ? "," : "");
        json_field(f, "op", r[i].op);
        json_field(f, "note", r[i].note);
        json_field(f, "node", r[i].text);
        json_field(f, "type", r[i].type);
        fprintf(f, "\"count\": %d, \"gflop\": %.6g, \"mb\": %.6g, \"rows\": [", r[i].count,
                r[i].cost.flop * 1e-9, r[i].cost.bytes * 1e-6);
        for (int k = 0; k < r[i].n; k++) {
            const measurement *m = &r[i].m[k];
            fprintf(f, "%s\n   {", k ? "," : "");
            json_field(f, "row", m->row);
            fprintf(f, "\"provider\": %s, \"bare\": %s, \"us\": %.3f, ",
                    m->provider ? "true" : "false", m->bare ? "true" : "false",
                    m->median * 1e3);
            fprintf(f, "\"lower_us\": %.3f, \"upper_us\": %.3f, \"share\": %.4f}",
                    m->lower * 1e3, m->upper * 1e3, ceiling_share(c, &r[i].cost, m->median));
        }
        fprintf(f, "]}");
    }
    fprintf(f, "\n]}\n");
    return finish(f, path);
}

/* The fastest row, of ours or of the vendors'; NULL: there is none. */
static const measurement *fastest(const result *r, bool provider) {
    const measurement *best = NULL;
    for (int i = 0; i < r->n; i++)
        if (r->m[i].provider == provider && (!best || r->m[i].median < best->median))
            best = &r->m[i];
    return best;
}

static void cell(FILE *f, const measurement *m) {
    if (m)
        fprintf(f, " %s%s | %.2f | %.0f |", m->row, m->bare ? " (bare)" : "", m->median * 1e3,
                (m->upper - m->lower) / m->median * 100);
    else
        fprintf(f, " - | - | - |");
}

int write_markdown(const char *path, const options *o, const gd_device *d, const ceiling *c,
                   const result *r, int n) {
    double sum_ours = 0, sum_theirs = 0;
    int    both = 0;
    char   date[32];
    FILE  *f = fopen(path, "w");
    if (!f) return complain("cannot write", path);
    today(date);
    fprintf(f,
            "%s, driver %s, commit %s, %s; %s, batch %d%s. Ceilings measured in the same run: ",
            d ? d->name : "cpu", d ? d->driver : "-", o->commit, date, precision(o), o->batch,
            o->warm ? ", buffers in L2" : "");
    fprintf(f, "%.0f GB/s (%s), %.1f TFLOP/s (%s).\n\n", c->copy_gbs, c->copy_row, c->tflops,
            c->product_row);
    fprintf(f, "| node | x | GFLOP | MB | ours | us | +-%% | vendor | us | +-%% | ours/vendor "
               "| of the ceiling |\n|---|---|---|---|---|---|---|---|---|---|---|---|\n");
    for (int i = 0; i < n; i++) {
        const measurement *ours = fastest(&r[i], false), *theirs = fastest(&r[i], true);
        fprintf(f, "| %s %s | %d | %.2f | %.2f |", r[i].op, r[i].note, r[i].count,
                r[i].cost.flop * 1e-9, r[i].cost.bytes * 1e-6);
        cell(f, ours);
        cell(f, theirs);
        if (ours && theirs) {
            fprintf(f, " %.2f |", ours->median / theirs->median);
            sum_ours += ours->median * r[i].count;
            sum_theirs += theirs->median * r[i].count;
            both += r[i].count;
        } else {
            fprintf(f, " - |");
        }
        fprintf(f, " %.0f%% |\n",
                ours ? 100 * ceiling_share(c, &r[i].cost, ours->median) : 0.0);
    }
    fprintf(f, "\n%d nodes have both: ours %.3f ms, vendor %.3f ms.\n", both, sum_ours,
            sum_theirs);
    return finish(f, path);
}
