#ifndef RONDO_CPU_H
#define RONDO_CPU_H

#include <cstdint>

namespace rondo {

/* The best tier that this library was built with and that CPU and operating system support. */
int32_t best_isa() noexcept;

}  // namespace rondo

#endif
