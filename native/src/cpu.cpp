#include "cpu.h"

#include "rondo/rondo.h"

namespace rondo {

int32_t best_isa() noexcept {
#ifdef RONDO_X86_TIERS
  // The compiler's run time looks at CPUID and, for registers that the system must save, at XCR0.
  __builtin_cpu_init();
  if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("fma")) return RONDO_ISA_BASELINE;
  const bool avx512 = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
                      __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw");
  return avx512 ? RONDO_ISA_AVX512 : RONDO_ISA_AVX2;
#else
  return RONDO_ISA_BASELINE;
#endif
}

}  // namespace rondo
