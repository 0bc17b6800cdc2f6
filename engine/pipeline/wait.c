/* wait.c -- waiting with a limit; see wait.h. */
#include "engine/pipeline/wait.h"

#include <errno.h>
#include <time.h>

double gd_pipeline_now_ms(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec * 1e-6;
}

/* Beyond this a wait is as good as for ever; it also keeps the arithmetic in range. */
static const double LONGEST_MS = 1e10;

double gd_wait_deadline(double wait_ms) {
    if (!(wait_ms >= 0) || wait_ms > LONGEST_MS) return -1;
    return gd_pipeline_now_ms() + wait_ms;
}

int gd_wait_init(pthread_cond_t *c) {
    pthread_condattr_t attr;
    int                rc = pthread_condattr_init(&attr);
    if (rc) return rc;
    rc = pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    if (!rc) rc = pthread_cond_init(c, &attr);
    (void)pthread_condattr_destroy(&attr);
    return rc;
}

bool gd_wait_until(pthread_cond_t *c, pthread_mutex_t *lock, double deadline_ms) {
    if (deadline_ms < 0) {
        (void)pthread_cond_wait(c, lock);
        return true;
    }
    if (gd_pipeline_now_ms() >= deadline_ms) return false;
    const double    whole = deadline_ms / 1e3;
    struct timespec t = {.tv_sec = (time_t)whole};
    t.tv_nsec = (long)((whole - (double)t.tv_sec) * 1e9);
    return pthread_cond_timedwait(c, lock, &t) != ETIMEDOUT;
}
