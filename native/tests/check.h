/* Checks for plain test programs: a failed one prints where and why, and main returns `failures() != 0`. */
#ifndef RONDO_CHECK_H
#define RONDO_CHECK_H

#include <atomic>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <string>

inline std::atomic<int>& failures() {
  static std::atomic<int> count = 0;
  return count;
}

inline std::atomic<int>& checks() {
  static std::atomic<int> count = 0;
  return count;
}

inline void check(bool holds, const char* file, int line, const std::string& what) {
  checks()++;
  if (holds) return;
  // The first few tell what is wrong; thousands more would hide it.
  if (failures()++ < 20) std::fprintf(stderr, "%s:%d: %s\n", file, line, what.c_str());
}

inline int report(const char* name) {
  std::printf("%s: %d checks, %d failures\n", name, checks().load(), failures().load());
  return checks() == 0 || failures() != 0;
}

#define CHECK(condition) check((condition), __FILE__, __LINE__, #condition)
#define CHECK_AS(condition, what) check((condition), __FILE__, __LINE__, std::string(#condition) + ": " + (what))

/* Largest difference against the largest expected magnitude; not-a-number is infinitely far. */
template <class Got>
double relative_error(const Got* got, const double* expected, int64_t count) {
  double error = 0, scale = 1e-30;
  for (int64_t i = 0; i < count; i++) {
    const double difference = std::fabs((double)got[i] - expected[i]);
    if (!(difference <= error)) error = std::isnan(difference) ? INFINITY : difference;
    scale = std::fmax(scale, std::fabs(expected[i]));
  }
  return error / scale;
}

#endif
