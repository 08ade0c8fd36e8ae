/*
 * Layer norm of a row: y = (x - m(x)) s, with m the mean over its elements and s = 1 / sqrt(m((x - m(x))^2) + epsilon).
 *
 * Backward, through gain y, from d, with e = d gain:  d_gain += d y   dx = s (e - m(e) - y m(e y))
 */
#ifndef RONDO_LAYER_NORM_H
#define RONDO_LAYER_NORM_H

#include "../vector.h"

namespace rondo::RONDO_TIER {

/* The sum of term(j, extent) over the vectors that cover a row. */
template <class Real, class Term>
RONDO_INLINE Real sum_of(int64_t count, Term term) {
  Vector<Real> sum = {};
  Real parts[lanes<Real>], total = 0;
  int64_t j = 0;
  for (; j + lanes<Real> <= count; j += lanes<Real>) sum += term(j, Whole{});
  store(parts, sum, Whole{});
  for (const Real part : parts) total += part;
  if (j == count) return total;
  store(parts, term(j, Part{count - j}), Whole{});
  for (int64_t lane = 0; lane < count - j; lane++) total += parts[lane];
  return total;
}

template <class Real>
struct LayerNorm {
  const Real* x; /* [count] */
  int64_t count;
  Real mean, scale;

  LayerNorm(const Real* x, int64_t count, Real epsilon) : x(x), count(count) {
    mean = sum_of<Real>(count, [&](int64_t j, auto extent) { return load(x + j, extent); }) / (Real)count;
    // Squares of large numbers are infinite: these are made small before.
    Real largest = 1;
    for (int64_t j = 0; j < count; j++) {
      const Real distance = x[j] < mean ? mean - x[j] : x[j] - mean;
      largest = distance > largest ? distance : largest;
    }
    const Real shrink = 1 / largest;
    const Real squares = sum_of<Real>(count, [&](int64_t j, auto extent) {
      const Vector<Real> distance = (load(x + j, extent) - mean) * shrink;
      return distance * distance;
    });
    scale = shrink / square_root(squares / (Real)count + epsilon * shrink * shrink);
  }

  template <class Extent>
  Vector<Real> normal(int64_t j, Extent extent) const {
    return (load(x + j, extent) - mean) * scale;
  }

  /* to += gain y */
  void add(const Real* gain, Real* to) const {
    for_each_vector<Real>(count, [&](int64_t j, auto extent) {
      store(to + j, load((const Real*)to + j, extent) + load(gain + j, extent) * normal(j, extent), extent);
    });
  }

  /* dx (added to dx, or in the place of x), and d_gain. */
  template <bool in_place>
  void back(const Real* d, const Real* gain, Real* d_gain, Real* dx) const {
    const Real mean_e =
        sum_of<Real>(count, [&](int64_t j, auto extent) { return load(d + j, extent) * load(gain + j, extent); }) /
        (Real)count;
    const Real share = sum_of<Real>(count, [&](int64_t j, auto extent) {
      return load(d + j, extent) * load(gain + j, extent) * normal(j, extent);
    }) / (Real)count;
    // A lone number is its own mean: nothing gets through, not even what rounding leaves of the difference.
    const Real factor = count == 1 ? 0 : scale;
    for_each_vector<Real>(count, [&](int64_t j, auto extent) {
      const Vector<Real> y = normal(j, extent), taken = load(d + j, extent);
      const Vector<Real> through = factor * (taken * load(gain + j, extent) - mean_e - y * share);
      store(d_gain + j, load((const Real*)d_gain + j, extent) + taken * y, extent);
      store(dx + j, in_place ? through : load((const Real*)dx + j, extent) + through, extent);
    });
  }

 private:
  static float square_root(float x) { return __builtin_sqrtf(x); }
  static double square_root(double x) { return __builtin_sqrt(x); }
};

}  // namespace rondo::RONDO_TIER

#endif
