/*
 * exp, sigmoid and tanh of one vector, and the choice among what simple units make of their pre-activations.
 *
 * The largest relative error of each, where its result is a normal number, is 2.5e-7 for float and 1e-15 for double.
 * Not-a-number goes through, infinities give the limits.
 *
 * exp(x) = 2^n e^r with n = round(x / ln 2), |r| <= ln(2) / 2, and e^r - 1 by its Taylor series, which is cut where the
 * first term left out is below a quarter of the last bit. x - n ln 2 is taken in two parts, the first of which has so
 * few bits that its multiples are exact.
 */
#ifndef RONDO_ACTIVATIONS_H
#define RONDO_ACTIVATIONS_H

#include "../vector.h"

namespace rondo::RONDO_TIER {

template <class Real>
struct ExpConstants;

template <>
struct ExpConstants<float> {
  static constexpr float ln2_high = 0x1.63p-1f, ln2_low = -0x1.bd0106p-13f;
  static constexpr float round = 0x1.8p23f;               // adding it leaves an integer in the low bits
  static constexpr float smallest = -104, largest = 89;   // beyond, e^x is 0 or infinite
  static constexpr float sigmoid_limit = 88;              // e^x and 2^n are normal up to here
  static constexpr float tanh_limit = 20;                 // beyond, tanh(x / 2) is 1
  static constexpr int mantissa_bits = 23, exponent_bias = 127;
  static constexpr int terms = 7;
};

template <>
struct ExpConstants<double> {
  static constexpr double ln2_high = 0x1.62e42feep-1, ln2_low = 0x1.a39ef35793c76p-33;
  static constexpr double round = 0x1.8p52;
  static constexpr double smallest = -746, largest = 710;
  static constexpr double sigmoid_limit = 709;
  static constexpr double tanh_limit = 40;
  static constexpr int mantissa_bits = 52, exponent_bias = 1023;
  static constexpr int terms = 13;
};

/* x brought into [low, high]; not-a-number stays what it is. Compilers do not see that one instruction does half. */
template <class Real>
RONDO_INLINE Vector<Real> clamp(Vector<Real> x, Real low, Real high) {
#if RONDO_VECTOR_BYTES == 64
  if constexpr (sizeof(Real) == 4) {
    const __m512 least = (__m512)broadcast(low), most = (__m512)broadcast(high);
    return (Vector<Real>)_mm512_maskz_min_ps((__mmask16)-1, most, _mm512_maskz_max_ps((__mmask16)-1, least, (__m512)x));
  } else {
    const __m512d least = (__m512d)broadcast(low), most = (__m512d)broadcast(high);
    return (Vector<Real>)_mm512_maskz_min_pd((__mmask8)-1, most, _mm512_maskz_max_pd((__mmask8)-1, least, (__m512d)x));
  }
#else
  x = x < low ? broadcast(low) : x;
  return x > high ? broadcast(high) : x;
#endif
}

/* 2^n for n within the exponents of normal numbers. */
template <class Real>
RONDO_INLINE Vector<Real> power_of_two(typename Simd<Real>::Bits n) {
  using K = ExpConstants<Real>;
  return (Vector<Real>)((n + K::exponent_bias) << K::mantissa_bits);
}

/* n and e^r - 1 of x = n ln 2 + r. */
template <class Real>
struct Reduced {
  typename Simd<Real>::Bits n;
  Vector<Real> power;
};

template <class Real>
RONDO_INLINE Reduced<Real> reduce(Vector<Real> x) {
  using K = ExpConstants<Real>;
  using Bits = typename Simd<Real>::Bits;
  constexpr Real log2_e = 1.4426950408889634;
  Vector<Real> shifted = x * log2_e + K::round;
  Vector<Real> n = shifted - K::round;
  Vector<Real> r = x - n * K::ln2_high - n * K::ln2_low;

  Real factorial = 1;
  Real coefficients[K::terms + 1];
  for (int k = 1; k <= K::terms; k++) coefficients[k] = 1 / (factorial *= k);
  Vector<Real> series = broadcast(coefficients[K::terms]);
  for (int k = K::terms - 1; k >= 2; k--) series = series * r + coefficients[k];
  return {(Bits)shifted - (Bits)broadcast(K::round), series * (r * r) + r};
}

template <class Real>
RONDO_INLINE Vector<Real> exp(Vector<Real> x) {
  using K = ExpConstants<Real>;
  auto [n, power] = reduce<Real>(clamp(x, K::smallest, K::largest));
  // Two factors, since 2^n itself may be infinite or denormal where the result is not.
  auto half = n >> 1;
  return (1 + power) * power_of_two<Real>(half) * power_of_two<Real>(n - half);
}

/* Where e^-x is so large that it is no longer right, 1 / (1 + e^-x) is below the smallest normal number. */
template <class Real>
RONDO_INLINE Vector<Real> sigmoid(Vector<Real> x) {
  using K = ExpConstants<Real>;
  auto [n, power] = reduce<Real>(clamp(-x, -K::sigmoid_limit, K::sigmoid_limit));
  const Vector<Real> scale = power_of_two<Real>(n);
  return 1 / (1 + scale + scale * power);
}

/* With e = exp(2x) - 1, tanh(x) = e / (e + 2), which keeps all digits near 0. */
template <class Real>
RONDO_INLINE Vector<Real> tanh(Vector<Real> x) {
  using K = ExpConstants<Real>;
  auto [n, power] = reduce<Real>(clamp(x + x, -K::tanh_limit, K::tanh_limit));
  Vector<Real> scale = power_of_two<Real>(n);
  Vector<Real> e = scale * power + (scale - 1);
  return e / (e + 2);
}

/* What units make of their pre-activations; the first three by the numbers of variants, unit_activations of them. */
enum UnitActivation { act_tanh, act_relu, act_sigmoid, unit_activations, act_identity = unit_activations };

/* Calls body(function) with act, of a vector. */
template <class Real, class Body>
RONDO_INLINE auto with_activation(UnitActivation activation, const Body& body) {
  switch (activation) {
    case act_relu: return body([](Vector<Real> a) { return a < 0 ? Vector<Real>{} : a; });
    case act_sigmoid: return body([](Vector<Real> a) { return sigmoid<Real>(a); });
    case act_identity: return body([](Vector<Real> a) { return a; });
    default: return body([](Vector<Real> a) { return tanh<Real>(a); });
  }
}

/* Calls body(function) with dh act', of h = act(a) and dh. Where h is not a number, so is the gradient. */
template <class Real, class Body>
RONDO_INLINE auto with_slope(UnitActivation activation, const Body& body) {
  switch (activation) {
    case act_relu: return body([](Vector<Real> h, Vector<Real> dh) { return h > 0 ? dh : h; });
    case act_sigmoid: return body([](Vector<Real> h, Vector<Real> dh) { return dh * h * (1 - h); });
    case act_identity: return body([](Vector<Real>, Vector<Real> dh) { return dh; });
    default: return body([](Vector<Real> h, Vector<Real> dh) { return dh * (1 - h * h); });
  }
}

}  // namespace rondo::RONDO_TIER

#endif
