/*
 * The SIMD registers of one ISA tier.
 *
 * Every file that includes this one is compiled once per tier, with RONDO_TIER (the namespace) and RONDO_VECTOR_BYTES
 * set by the build. One source serves all tiers and both precisions through the vector types of GCC and Clang.
 *
 * Such files include C headers and each other only, and keep all code in the tier's namespace: a function shared with
 * another tier could be kept by the linker in its AVX-512 form and then run where there is no AVX-512.
 */
#ifndef RONDO_VECTOR_H
#define RONDO_VECTOR_H

#include <stdint.h>
#include <string.h>

#if RONDO_VECTOR_BYTES == 64 && !(defined(__AVX512F__) && defined(__AVX512VL__) && defined(__AVX512DQ__))
#error "this unit was to be compiled for AVX-512"
#elif RONDO_VECTOR_BYTES == 32 && !(defined(__AVX2__) && defined(__FMA__))
#error "this unit was to be compiled for AVX2 and FMA"
#endif

#if RONDO_VECTOR_BYTES >= 32
#include <immintrin.h>
#endif

#define RONDO_INLINE static inline __attribute__((always_inline))

/* Before a loop of a few constant turns, whose arrays of vectors are to live in registers. */
#ifdef __clang__
#define RONDO_UNROLL _Pragma("clang loop unroll(full)")
#else
#define RONDO_UNROLL _Pragma("GCC unroll 16")
#endif

namespace rondo::RONDO_TIER {

template <class Real>
struct Simd;

template <>
struct Simd<float> {
  typedef float Vector __attribute__((vector_size(RONDO_VECTOR_BYTES)));
  typedef int32_t Bits __attribute__((vector_size(RONDO_VECTOR_BYTES)));
};

template <>
struct Simd<double> {
  typedef double Vector __attribute__((vector_size(RONDO_VECTOR_BYTES)));
  typedef int64_t Bits __attribute__((vector_size(RONDO_VECTOR_BYTES)));
};

template <class Real>
using Vector = typename Simd<Real>::Vector;

/* Elements per vector. */
template <class Real>
constexpr int64_t lanes = RONDO_VECTOR_BYTES / sizeof(Real);

/* How much of a vector is there: all of it, or only its first lanes (at least one) at the end of a row. */
struct Whole {};
struct Part {
  int64_t count;
};

template <class Real>
RONDO_INLINE Vector<Real> broadcast(Real value) {
  return value - Vector<Real>{};
}

template <class Real>
RONDO_INLINE Vector<Real> load(const Real* from, Whole) {
  Vector<Real> value;
  memcpy(&value, from, sizeof value);
  return value;
}

template <class Real>
RONDO_INLINE void store(Real* to, Vector<Real> value, Whole) {
  memcpy(to, &value, sizeof value);
}

#if RONDO_VECTOR_BYTES == 64
RONDO_INLINE Vector<float> load(const float* from, Part part) {
  return _mm512_maskz_loadu_ps((__mmask16)((1u << part.count) - 1), from);
}

RONDO_INLINE Vector<double> load(const double* from, Part part) {
  return _mm512_maskz_loadu_pd((__mmask8)((1u << part.count) - 1), from);
}

RONDO_INLINE void store(float* to, Vector<float> value, Part part) {
  _mm512_mask_storeu_ps(to, (__mmask16)((1u << part.count) - 1), value);
}

RONDO_INLINE void store(double* to, Vector<double> value, Part part) {
  _mm512_mask_storeu_pd(to, (__mmask8)((1u << part.count) - 1), value);
}
#else
template <class Real>
RONDO_INLINE Vector<Real> load(const Real* from, Part part) {
  Vector<Real> value = {};
  memcpy(&value, from, (size_t)part.count * sizeof(Real));
  return value;
}

template <class Real>
RONDO_INLINE void store(Real* to, Vector<Real> value, Part part) {
  memcpy(to, &value, (size_t)part.count * sizeof(Real));
}
#endif

/* Lane numbers 0 .. count - 1 as template arguments. */
template <int... lane>
struct LaneList {};
template <int count, int... lane>
struct LanesTo : LanesTo<count - 1, count - 1, lane...> {};
template <int... lane>
struct LanesTo<0, lane...> {
  using List = LaneList<lane...>;
};

/* One vector out of the lanes of two, those of `second` counted on after those of `first`. */
template <class Real, int... lane>
RONDO_INLINE Vector<Real> pick(Vector<Real> first, Vector<Real> second, LaneList<lane...>) {
#ifdef __clang__
  return __builtin_shufflevector(first, second, lane...);
#else
  return __builtin_shuffle(first, second, typename Simd<Real>::Bits{lane...});
#endif
}

/* Exchanges the off-diagonal quarters of all blocks of 2 distance x 2 distance, then of smaller ones. */
template <class Real, int distance, int... lane>
RONDO_INLINE void transpose(Vector<Real> (&rows)[sizeof...(lane)], LaneList<lane...> all) {
  constexpr int count = sizeof...(lane);
  RONDO_UNROLL
  for (int i = 0; i < count; i++) {
    if (i & distance) continue;
    const Vector<Real> upper = rows[i], lower = rows[i + distance];
    rows[i] = pick<Real>(upper, lower, LaneList<(lane & distance ? count + lane - distance : lane)...>{});
    rows[i + distance] = pick<Real>(upper, lower, LaneList<(lane & distance ? count + lane : lane + distance)...>{});
  }
  if constexpr (distance > 1) transpose<Real, distance / 2>(rows, all);
}

template <class Real>
RONDO_INLINE void transpose(Vector<Real> (&rows)[lanes<Real>]) {
  transpose<Real, (int)lanes<Real> / 2>(rows, typename LanesTo<(int)lanes<Real>>::List{});
}

/* Indices from `begin` to before `end`. */
struct Range {
  int64_t begin, end;
};

/* Calls body(first index, Whole or Part) for the vectors that cover a range. */
template <class Real, class Body>
RONDO_INLINE void for_each_vector(Range range, Body body) {
  int64_t j = range.begin;
  for (; j + lanes<Real> <= range.end; j += lanes<Real>) body(j, Whole{});
  if (j < range.end) body(j, Part{range.end - j});
}

template <class Real, class Body>
RONDO_INLINE void for_each_vector(int64_t count, Body body) {
  for_each_vector<Real>(Range{0, count}, body);
}

/* Rows of numbers: to = from, to = a b, to += from, and to += a b. */
template <class Real>
RONDO_INLINE void copy_row(Real* to, const Real* from, int64_t count) {
  for_each_vector<Real>(count, [&](int64_t j, auto extent) { store(to + j, load(from + j, extent), extent); });
}

template <class Real>
RONDO_INLINE void multiply_row(Real* to, const Real* a, const Real* b, int64_t count) {
  for_each_vector<Real>(count, [&](int64_t j, auto extent) {
    store(to + j, load(a + j, extent) * load(b + j, extent), extent);
  });
}

template <class Real>
RONDO_INLINE void add_row(Real* to, const Real* from, int64_t count) {
  for_each_vector<Real>(count, [&](int64_t j, auto extent) {
    store(to + j, load(to + j, extent) + load(from + j, extent), extent);
  });
}

template <class Real>
RONDO_INLINE void add_product_of_rows(Real* to, const Real* a, const Real* b, int64_t count) {
  for_each_vector<Real>(count, [&](int64_t j, auto extent) {
    store(to + j, load(to + j, extent) + load(a + j, extent) * load(b + j, extent), extent);
  });
}

}  // namespace rondo::RONDO_TIER

#endif
