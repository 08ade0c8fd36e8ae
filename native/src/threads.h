/*
 * The library's own threads: one pool for the process, alive while a plan is open.
 *
 * Work comes in shares whose number the plan fixed, so results never depend on which thread ran a share. The pool
 * serves one caller at a time; whoever finds it busy runs all of its shares itself.
 */
#ifndef RONDO_THREADS_H
#define RONDO_THREADS_H

#include <stddef.h>

namespace rondo {

using Task = void (*)(const void* context, int share);

/* Runs task(context, s) for every s in [0, shares), on this thread and idle ones of the pool, and waits for all. */
void run_shares(int shares, Task task, const void* context) noexcept;

/* Each open plan holds the pool: it starts the workers missing for `threads`; the last to go joins them all. */
void hold_threads(int threads) noexcept;
void release_threads() noexcept;

/* Bytes of working memory that belong to each thread: where operands of a product are packed. */
constexpr size_t thread_scratch_bytes = 800 * 1024;

/* This thread's scratch, 64-byte aligned, its content left from whoever used it last; null when out of memory. */
void* thread_scratch() noexcept;

}  // namespace rondo

#endif
