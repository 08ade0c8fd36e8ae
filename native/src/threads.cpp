#include "threads.h"

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <new>
#include <system_error>
#include <thread>
#include <vector>

namespace rondo {
namespace {

/* A thread that waits looks again this often, first in a tight loop, then giving its core away, before it parks. */
constexpr int spins = 2000;
constexpr int yields = 200;

void pause() {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

/*
 * The state of the current job in one word, so that a thread claims a share of exactly the job it looked at: the job's
 * generation, how many shares it has, and the next one that nobody claimed.
 */
struct Ticket {
  uint32_t generation;
  uint16_t shares;
  uint16_t next;
};

class Pool {
 public:
  void run(int shares, Task task, const void* context) {
    const bool alone = shares < 2 || workers_running_.load(std::memory_order_relaxed) == 0;
    if (alone || busy_.test_and_set(std::memory_order_acquire)) {
      for (int share = 0; share < shares; share++) task(context, share);
      return;
    }
    task_.store(task, std::memory_order_relaxed);
    context_.store(context, std::memory_order_relaxed);
    done_.store(0, std::memory_order_relaxed);
    publish(shares);
    while (run_one_share()) {
    }
    for (int waited = 0; done_.load(std::memory_order_acquire) < shares; waited++) {
      waited < spins ? pause() : std::this_thread::yield();
    }
    busy_.clear(std::memory_order_release);
  }

  void hold(int threads) {
    std::lock_guard lock(lifecycle_);
    plans_++;
    try {
      while ((int)workers_.size() < threads - 1) {
        workers_.emplace_back([this] { work(); });
        workers_running_.store((int)workers_.size(), std::memory_order_relaxed);
      }
    } catch (...) {
      // Fewer workers than asked for: the callers run what these would have run.
    }
  }

  void release() {
    std::lock_guard lock(lifecycle_);
    if (--plans_ > 0) return;
    // A product that belongs to no plan may still be running.
    while (busy_.test_and_set(std::memory_order_acquire)) std::this_thread::yield();
    stop_.store(true, std::memory_order_relaxed);
    publish(0);
    for (std::thread& worker : workers_) worker.join();
    workers_.clear();
    workers_running_.store(0, std::memory_order_relaxed);
    stop_.store(false, std::memory_order_relaxed);
    busy_.clear(std::memory_order_release);
  }

 private:
  void publish(int shares) {
    const uint32_t generation = ticket_.load(std::memory_order_relaxed).generation + 1;
    ticket_.store({generation, (uint16_t)shares, 0}, std::memory_order_release);
    // A worker looks at the ticket once more under this lock before it parks, so none can miss the news.
    std::lock_guard lock(parking_);
    parked_.notify_all();
  }

  /*
   * Claims and runs one share of the current job; false when none is left. The job's fields are read before the claim:
   * if it succeeds, a share was still open, so nobody had begun to write the next job.
   */
  bool run_one_share() {
    Ticket ticket = ticket_.load(std::memory_order_acquire);
    while (ticket.next < ticket.shares) {
      const Task task = task_.load(std::memory_order_relaxed);
      const void* context = context_.load(std::memory_order_relaxed);
      Ticket claimed = ticket;
      claimed.next++;
      if (ticket_.compare_exchange_weak(ticket, claimed, std::memory_order_acq_rel, std::memory_order_acquire)) {
        task(context, ticket.next);
        done_.fetch_add(1, std::memory_order_release);
        return true;
      }
    }
    return false;
  }

  void work() {
    if (!thread_scratch()) return;
    for (;;) {
      const Ticket seen = ticket_.load(std::memory_order_acquire);
      if (stop_.load(std::memory_order_relaxed)) return;
      if (!run_one_share()) wait_for_change(seen);
    }
  }

  void wait_for_change(Ticket seen) {
    for (int waited = 0; waited < spins + yields; waited++) {
      if (ticket_.load(std::memory_order_relaxed).generation != seen.generation) return;
      waited < spins ? pause() : std::this_thread::yield();
    }
    std::unique_lock lock(parking_);
    parked_.wait(lock, [&] { return ticket_.load(std::memory_order_relaxed).generation != seen.generation; });
  }

  std::mutex lifecycle_;
  int plans_ = 0;
  std::vector<std::thread> workers_;
  std::atomic<int> workers_running_{0};
  std::atomic<bool> stop_{false};
  std::atomic_flag busy_;
  std::mutex parking_;
  std::condition_variable parked_;

  alignas(64) std::atomic<Ticket> ticket_{};
  std::atomic<Task> task_{nullptr};
  std::atomic<const void*> context_{nullptr};
  alignas(64) std::atomic<int> done_{0};
};

/* Never destroyed: a worker may outlive the statics of a process that exits with a plan open. */
Pool& pool() {
  static Pool& instance = *new Pool;
  return instance;
}

struct Scratch {
  void* memory = ::operator new(thread_scratch_bytes, std::align_val_t{64}, std::nothrow);
  ~Scratch() { ::operator delete(memory, std::align_val_t{64}); }
};

}  // namespace

void run_shares(int shares, Task task, const void* context) noexcept { pool().run(shares, task, context); }

void hold_threads(int threads) noexcept { pool().hold(threads); }

void release_threads() noexcept { pool().release(); }

void* thread_scratch() noexcept {
  thread_local Scratch scratch;
  return scratch.memory;
}

}  // namespace rondo
