/*
 * exp, sigmoid and tanh of every tier against the C library in wider precision: over all exponents, and densely where
 * the functions bend.
 */
#include <cmath>
#include <cstring>
#include <limits>
#include <random>
#include <vector>

#include "activations_tier.h"
#include "check.h"
#include "rondo/rondo.h"

#define RONDO_TIER_OF(tier)                         \
  namespace rondo::tier {                           \
  extern const ActivationTable<float> activations32; \
  extern const ActivationTable<double> activations64; \
  }
RONDO_TIER_OF(baseline)
#ifdef RONDO_X86_TIERS
RONDO_TIER_OF(avx2)
RONDO_TIER_OF(avx512)
#endif

namespace {

template <class Real>
std::vector<ActivationTable<Real>> tables() {
#ifdef RONDO_X86_TIERS
  if constexpr (sizeof(Real) == 4) {
    return {rondo::baseline::activations32, rondo::avx2::activations32, rondo::avx512::activations32};
  } else {
    return {rondo::baseline::activations64, rondo::avx2::activations64, rondo::avx512::activations64};
  }
#else
  if constexpr (sizeof(Real) == 4) return {rondo::baseline::activations32};
  return {rondo::baseline::activations64};
#endif
}

constexpr const char* names[] = {"exp", "sigmoid", "tanh"};

/* float is measured in double, double in long double. */
template <class Real>
using Wide = std::conditional_t<sizeof(Real) == 4, double, long double>;

template <class W>
W exact(int function, W x) {
  switch (function) {
    case 0: return std::exp(x);
    case 1: return 1 / (1 + std::exp(-x));
    default: return std::tanh(x);
  }
}

template <class Real>
std::vector<Real> arguments() {
  using Bits = std::conditional_t<sizeof(Real) == 4, uint32_t, uint64_t>;
  constexpr int mantissa_bits = std::numeric_limits<Real>::digits - 1;
  std::mt19937_64 random(3);
  std::vector<Real> x;
  const Bits heads = (Bits)1 << (8 * sizeof(Real) - mantissa_bits);
  for (Bits head = 0; head < heads; head++) {  // sign and exponent
    for (int n = 0; n < (sizeof(Real) == 4 ? 4000 : 200); n++) {
      const Bits mantissa = (Bits)random() & (((Bits)1 << mantissa_bits) - 1);
      const Bits bits = (Bits)(head << mantissa_bits) | mantissa;
      Real value;
      std::memcpy(&value, &bits, sizeof value);
      x.push_back(value);
    }
  }
  std::uniform_real_distribution<double> bend(-3, 3), range(-100, 100);
  for (int n = 0; n < 400000; n++) {
    x.push_back((Real)bend(random));
    x.push_back((Real)(range(random) * (sizeof(Real) == 4 ? 1 : 7.5)));
  }
  const Real infinity = std::numeric_limits<Real>::infinity();
  x.insert(x.end(), {0, -(Real)0, infinity, -infinity, std::numeric_limits<Real>::quiet_NaN()});
  return x;
}

/* Relative where the result is normal; what is smaller need only come out smaller. */
template <class Real>
double error_of(Real got, Wide<Real> expected) {
  using Limits = std::numeric_limits<Real>;
  if (std::isnan(expected)) return std::isnan(got) ? 0 : INFINITY;
  if (std::isnan(got)) return INFINITY;
  if (std::isinf((Real)expected)) return got == (Real)expected || got >= Limits::max() * (1 - 1e-6) ? 0 : INFINITY;
  if (std::fabs(expected) < Limits::min()) return std::fabs(got) <= Limits::min() ? 0 : INFINITY;
  return (double)(std::fabs((Wide<Real>)got - expected) / std::fabs(expected));
}

template <class Real>
void measure() {
  const std::vector<Real> x = arguments<Real>();
  std::vector<Real> y(x.size());
  std::vector<Wide<Real>> expected(x.size());
  for (int function = 0; function < 3; function++) {
    for (size_t i = 0; i < x.size(); i++) expected[i] = exact(function, (Wide<Real>)x[i]);
    for (int isa = 0; isa <= rondo_isa(); isa++) {
      const ActivationTable<Real> table = tables<Real>()[isa];
      table.functions[function](x.data(), y.data(), (int64_t)x.size());
      double worst = 0;
      size_t at = 0;
      for (size_t i = 0; i < x.size(); i++) {
        const double error = error_of<Real>(y[i], expected[i]);
        if (error > worst) {
          worst = error;
          at = i;
        }
      }
      char text[160];
      std::snprintf(text, sizeof text, "%s float%d tier %d: error %.2e at %.17g", names[function],
                    (int)(8 * sizeof(Real)), isa, worst, (double)x[at]);
      std::printf("%s\n", text);
      CHECK_AS(worst <= table.error, text);
    }
  }
}

}  // namespace

int main() {
  measure<float>();
  measure<double>();
  return report("activations");
}
