/* wait.h -- waiting with a limit: the monotonic clock, and conditions that go by it. */
#ifndef GD_ENGINE_PIPELINE_WAIT_H
#define GD_ENGINE_PIPELINE_WAIT_H

#include <pthread.h>
#include <stdbool.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Milliseconds of the monotonic clock. */
double gd_pipeline_now_ms(void);
/* The time `wait_ms` from now; < 0: for ever, which is a negative number again. */
double gd_wait_deadline(double wait_ms);
/* A condition whose limits are times of that clock; 0, or the system's error. */
int gd_wait_init(pthread_cond_t *c);
/* Waits with the lock held; false once the deadline has passed. */
bool gd_wait_until(pthread_cond_t *c, pthread_mutex_t *lock, double deadline_ms);

#ifdef __cplusplus
}
#endif
#endif
