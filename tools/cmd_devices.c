/* cmd_devices.c -- `gdrun devices`: what can compute here, and why something cannot. */
#include <string.h>

#include "engine/backend.h"
#include "engine/machine.h"
#include "engine/mem.h"
#include "tools/cli/device.h"
#include "tools/cli/model.h"
#include "tools/cli/program.h"
#include "tools/cli/text.h"
#include "tools/cmd.h"
#include "weights/json_make.h"

static json_t *cpu_json(const gd_flags *f, bool *ok) {
    char     name[96];
    json_t  *o = json_object();
    uint64_t room = gd_machine_room("");
    gd_json_set(ok, o, "name", gd_json_string(gd_machine_cpu("", name, sizeof name)));
    gd_json_set(ok, o, "kernels", gd_json_string(gd_cpu_isa()));
    gd_json_set(ok, o, "threads", json_integer(gd_thread_count(f)));
    gd_json_set(ok, o, "memory_bytes", json_integer((json_int_t)gd_cpu_caps().mem_bytes));
    if (room < UINT64_MAX) gd_json_set(ok, o, "free_bytes", json_integer((json_int_t)room));
    return o;
}

static gd_status print_json(const gd_flags *f, const gd_gpus *g, gd_error *err) {
    bool    ok = true;
    json_t *root = json_object();
    gd_json_set(&ok, root, "cpu", cpu_json(f, &ok));
    gd_json_set(&ok, root, "cuda", gd_gpus_json(g, &ok));
    char *text = ok ? gd_json_text(root, JSON_INDENT(1)) : NULL;
    json_decref(root);
    if (!text) return gd_fail(err, GD_ERR_NOMEM, "no memory for the list of devices");
    gd_print("%s\n", text);
    gd_mem_put(text);
    return GD_OK;
}

static void print_text(const gd_flags *f, const gd_gpus *g) {
    char     name[96], shown[300];
    int      n = gd_thread_count(f);
    uint64_t room = gd_machine_room("");
    gd_machine_cpu("", name, sizeof name);
    gd_print("cpu  %s, %s, %d thread%s, %.1f GiB", gd_escape(shown, sizeof shown, name),
             gd_cpu_isa(), n, n == 1 ? "" : "s", (double)gd_cpu_caps().mem_bytes / 0x1p30);
    if (room < UINT64_MAX) gd_print(" (%.1f free)", (double)room / 0x1p30);
    gd_print(": usable\n");
    gd_gpus_print(g, " ");
}

int gd_cmd_devices(gd_flags *f) {
    gd_error    err = {0};
    gd_gpus     g;
    const char *device = gd_flag_text(f, GD_OPT_DEVICE);
    gd_gpus_find(&g);
    if (!strcmp(gd_flag_text(f, GD_OPT_DEVICES_FORM), "json")) {
        if (print_json(f, &g, &err) != GD_OK)
            return (int)gd_report_error(&err, GD_EXIT_MEMORY, NULL);
    } else {
        print_text(f, &g);
    }
    if (!strncmp(device, "cuda", 4) && gd_gpus_need(&g, device, &err) != GD_OK) {
        gd_print_flush();
        return (int)gd_report_error(&err, GD_EXIT_DEVICE, NULL);
    }
    return GD_EXIT_OK;
}
