/* Numbers of either precision as vectors of doubles, for sums. */
#ifndef RONDO_WIDE_H
#define RONDO_WIDE_H

#include "vector.h"

namespace rondo::RONDO_TIER {

/* As many numbers as there are doubles in a vector. A vector wider than the tier's would live on the stack. */
template <class Real>
struct Few;

template <>
struct Few<float> {
  typedef float Type __attribute__((vector_size(RONDO_VECTOR_BYTES / 2)));
};

template <>
struct Few<double> {
  typedef Vector<double> Type;
};

/* Lane by lane, of which GCC makes one instruction; of __builtin_convertvector it makes five. */
template <class Real>
RONDO_INLINE Vector<double> widen(typename Few<Real>::Type x) {
  Vector<double> wide = {};
  RONDO_UNROLL
  for (int lane = 0; lane < lanes<double>; lane++) wide[lane] = x[lane];
  return wide;
}

template <class Real>
RONDO_INLINE Vector<double> load_wide(const Real* from, Whole) {
  typename Few<Real>::Type value;
  memcpy(&value, from, sizeof value);
  return widen<Real>(value);
}

template <class Real>
RONDO_INLINE Vector<double> load_wide(const Real* from, Part part) {
  typename Few<Real>::Type value = {};
  memcpy(&value, from, (size_t)part.count * sizeof(Real));
  return widen<Real>(value);
}

template <class Real>
RONDO_INLINE void store_wide(Real* to, Vector<double> x, Whole) {
  const auto value = __builtin_convertvector(x, typename Few<Real>::Type);
  memcpy(to, &value, sizeof value);
}

template <class Real>
RONDO_INLINE void store_wide(Real* to, Vector<double> x, Part part) {
  const auto value = __builtin_convertvector(x, typename Few<Real>::Type);
  memcpy(to, &value, (size_t)part.count * sizeof(Real));
}

/* sum += x, lanes added to lanes. */
template <class Real>
RONDO_INLINE void add_wide(Vector<double>& sum, Vector<Real> x) {
  typename Few<Real>::Type parts[sizeof(double) / sizeof(Real)];
  memcpy(parts, &x, sizeof x);
  for (const auto& part : parts) sum += widen<Real>(part);
}

RONDO_INLINE double sum_of_lanes(Vector<double> x) {
  double sum = 0;
  RONDO_UNROLL
  for (int lane = 0; lane < lanes<double>; lane++) sum += x[lane];
  return sum;
}

}  // namespace rondo::RONDO_TIER

#endif
