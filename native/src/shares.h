/* Work in shares: how a count of rows or columns is given to the library's threads. */
#ifndef RONDO_SHARES_H
#define RONDO_SHARES_H

#include <stdint.h>

#include "threads.h"

namespace rondo::RONDO_TIER {

/*
 * Calls body(begin, end) for even shares of [0, count), at most `threads` of them, and fewer where `operations` would
 * not keep them busy for longer than it takes to start them. Sizes alone decide, never how busy the machine is.
 */
template <class Body>
void in_shares(int64_t threads, int64_t count, double operations, const Body& body, double worth_a_share = 1e6) {
  const int64_t worth = 1 + (int64_t)(operations / worth_a_share);
  int64_t shares = threads < count ? threads : count;
  if (worth < shares) shares = worth;
  struct Job {
    int64_t count, shares;
    const Body& body;
  } job = {count, shares, body};
  const auto run = [](const void* context, int share) {
    const Job& job = *(const Job*)context;
    job.body(share * job.count / job.shares, (share + 1) * job.count / job.shares);
  };
  run_shares((int)shares, run, &job);
}

}  // namespace rondo::RONDO_TIER

#endif
