/*
 * exp, sigmoid and tanh of every tier against the C library in wider precision: over all exponents, and densely where
 * the functions bend.
 */
#include <cmath>
#include <cstring>
#include <limits>
#include <random>
#include <vector>

#include "check.h"
#include "rondo/rondo.h"

namespace {

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
constexpr double largest_error = sizeof(Real) == 4 ? 2.5e-7 : 1e-15;

template <class Real>
rondo_activation activation(int function, int isa, const std::vector<Real>& x, std::vector<Real>& y) {
  return {.size = sizeof(rondo_activation), .precision = 8 * sizeof(Real), .threads = 1, .isa = isa,
          .function = function, .count = (int64_t)x.size(), .x = x.data(), .y = y.data()};
}

template <class Real>
void measure() {
  const std::vector<Real> x = arguments<Real>();
  std::vector<Real> y(x.size());
  std::vector<Wide<Real>> expected(x.size());
  for (int function = 0; function < 3; function++) {
    for (size_t i = 0; i < x.size(); i++) expected[i] = exact(function, (Wide<Real>)x[i]);
    for (int isa = 0; isa <= rondo_isa(); isa++) {
      const rondo_activation call = activation(function, isa, x, y);
      CHECK(rondo_activate(&call) == RONDO_OK);
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
      CHECK_AS(worst <= largest_error<Real>, text);
    }
  }
}

/* In place, in shares of unequal lengths that are no whole vectors, and nothing beyond the last. */
template <class Real>
void in_place_on_threads(int isa) {
  std::vector<Real> x(300001), y(x.size());
  for (size_t i = 0; i < x.size(); i++) x[i] = (Real)((double)(i % 977) / 97 - 5);
  for (int function = 0; function < 3; function++) {
    rondo_activation apart = activation(function, isa, x, y);
    CHECK(rondo_activate(&apart) == RONDO_OK);
    std::vector<Real> z = x;
    rondo_activation in_place = activation(function, isa, z, z);
    in_place.threads = 3;
    in_place.count--;
    CHECK(rondo_activate(&in_place) == RONDO_OK);
    CHECK_AS(std::memcmp(y.data(), z.data(), (y.size() - 1) * sizeof(Real)) == 0, names[function]);
    CHECK_AS(z.back() == x.back(), names[function]);
  }
}

void bad_arguments() {
  const auto status = [](auto spoil) {
    static const float x[3] = {};
    float y[3];
    rondo_activation call = {sizeof(rondo_activation), 32, 1, -1, RONDO_TANH, 3, x, y};
    spoil(call);
    return rondo_activate(&call);
  };
  CHECK(rondo_activate(nullptr) == RONDO_BAD_ARGUMENT);
  CHECK(status([](rondo_activation&) {}) == RONDO_OK);
  CHECK(status([](rondo_activation& a) { a.size--; }) == RONDO_BAD_ARGUMENT);
  CHECK(status([](rondo_activation& a) { a.function = 3; }) == RONDO_BAD_ARGUMENT);
  CHECK(status([](rondo_activation& a) { a.function = -1; }) == RONDO_BAD_ARGUMENT);
  CHECK(status([](rondo_activation& a) { a.count = 0; }) == RONDO_BAD_ARGUMENT);
  CHECK(status([](rondo_activation& a) { a.threads = 0; }) == RONDO_BAD_ARGUMENT);
  CHECK(status([](rondo_activation& a) { a.isa = 3; }) == RONDO_BAD_ARGUMENT);
  CHECK(status([](rondo_activation& a) { a.x = nullptr; }) == RONDO_BAD_ARGUMENT);
  CHECK(status([](rondo_activation& a) { a.y = nullptr; }) == RONDO_BAD_ARGUMENT);
  CHECK(status([](rondo_activation& a) { a.precision = 16; }) == RONDO_UNSUPPORTED);
}

}  // namespace

int main() {
  measure<float>();
  measure<double>();
  for (int isa = 0; isa <= rondo_isa(); isa++) {
    in_place_on_threads<float>(isa);
    in_place_on_threads<double>(isa);
  }
  bad_arguments();
  return report("activations");
}
