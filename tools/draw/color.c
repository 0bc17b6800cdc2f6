/* color.c -- class colours that keep apart, and the text colour that is read on them. */
#include <math.h>

#include "tools/draw/draw.h"

/* Neighbours differ in hue, since frequent classes have low ids. */
static const gd_color palette[] = {
    {255, 77, 77},  {46, 134, 255}, {255, 178, 29},  {0, 194, 122},   {177, 90, 255},
    {0, 200, 225},  {255, 112, 31}, {255, 90, 190},  {150, 210, 40},  {92, 107, 255},
    {255, 220, 60}, {0, 140, 165},  {222, 120, 255}, {120, 190, 255}, {235, 135, 110},
    {70, 220, 160}, {200, 160, 90}, {170, 180, 200}, {205, 60, 130},  {165, 180, 60},
};
enum { PALETTE = sizeof palette / sizeof *palette };

static uint8_t mix(uint8_t a, int toward, int parts) {
    return (uint8_t)((a * (8 - parts) + toward * parts) / 8);
}

/* After one round of the palette the same hues come again lighter, then a little darker. */
gd_color gd_class_color(int class_id) {
    unsigned id = (unsigned)class_id, round = id / PALETTE % 3;
    gd_color c = palette[id % PALETTE];
    int      toward = round == 1 ? 255 : 0, parts = round == 0 ? 0 : round == 1 ? 3 : 2;
    c.r = mix(c.r, toward, parts);
    c.g = mix(c.g, toward, parts);
    c.b = mix(c.b, toward, parts);
    return c;
}

static float linear(uint8_t v) {
    float s = (float)v / 255.0f;
    return s <= 0.04045f ? s / 12.92f : powf((s + 0.055f) / 1.055f, 2.4f);
}

/* Contrast (L + 0.05) against black equals that against white at L = 0.179. */
gd_color gd_contrast_color(gd_color back) {
    float l = 0.2126f * linear(back.r) + 0.7152f * linear(back.g) + 0.0722f * linear(back.b);
    return l > 0.179f ? (gd_color){0, 0, 0} : (gd_color){255, 255, 255};
}
