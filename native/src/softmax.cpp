/*
 * Softmax and cross-entropy of rows of outputs z [N, C], each with a class y:
 *
 *   loss = w_y (log(sum_c exp(z_c)) - z_y)
 *   dz_c = scale w_y (exp(z_c) / sum exp(z) - [c = y])
 *
 * The greatest output is subtracted first, so that no exponential overflows. A row is read twice, its gradient written
 * and scaled, all in the first-level cache. Sums are in double.
 */
#include "kernels/activations.h"
#include "plan.h"
#include "shares.h"
#include "wide.h"

namespace rondo::RONDO_TIER {
namespace {

/* Lane numbers. */
template <class Real, int... lane>
RONDO_INLINE typename Simd<Real>::Bits numbers(LaneList<lane...>) {
  return typename Simd<Real>::Bits{lane...};
}

/* Lanes that are not there are minus infinity: never the greatest, and nothing in a sum of exponentials. */
template <class Real>
RONDO_INLINE Vector<Real> load_outputs(const Real* z, Whole whole) {
  return load(z, whole);
}

template <class Real>
RONDO_INLINE Vector<Real> load_outputs(const Real* z, Part part) {
  const auto lane = numbers<Real>(typename LanesTo<(int)lanes<Real>>::List{});
  return lane < (decltype(lane[0] + 0))part.count ? load(z, part) : broadcast((Real)-__builtin_inf());
}

/* Not-a-numbers are passed over: their exponential shows them. */
template <class Real>
Real greatest_of(const Real* z, int64_t C) {
  Vector<Real> greatest = broadcast((Real)-__builtin_inf());
  for_each_vector<Real>(C, [&](int64_t c, auto extent) {
    const Vector<Real> x = load_outputs<Real>(z + c, extent);
    greatest = x > greatest ? x : greatest;
  });
  Real result = greatest[0];
  for (int lane = 1; lane < lanes<Real>; lane++) result = greatest[lane] > result ? greatest[lane] : result;
  return result;
}

/* The sum of exp(z - greatest), the terms of which go to `terms` unless it is null. */
template <class Real>
double sum_exponentials(const Real* z, Real greatest, Real* terms, int64_t C) {
  Vector<double> sum = {};
  for_each_vector<Real>(C, [&](int64_t c, auto extent) {
    const Vector<Real> term = exp<Real>(load_outputs<Real>(z + c, extent) - greatest);
    if (terms) store(terms + c, term, extent);
    add_wide<Real>(sum, term);
  });
  return sum_of_lanes(sum);
}

/* One row; returns its loss. */
template <class Real>
double softmax_row(const rondo_loss& x, const Real* z, int64_t target, Real* gradient) {
  const int64_t C = x.classes;
  const double weight = x.class_weights ? x.class_weights[target] : 1;
  const Real greatest = greatest_of(z, C);
  const double below = (double)z[target] - (double)greatest;
  const double sum = sum_exponentials(z, greatest, gradient, C);
  if (gradient) {
    const double share = weight * x.scale / sum;
    // exp(z_y) / sum - 1 would cancel where the class is almost sure; the other terms do not.
    const double others = sum - (double)gradient[target];
    for_each_vector<Real>(C, [&](int64_t c, auto extent) {
      store(gradient + c, load(gradient + c, extent) * (Real)share, extent);
    });
    gradient[target] = (Real)(-others * share);
  }
  return weight * (__builtin_log(sum) - below);
}

template <class Real>
void softmax_in_shares(const rondo_loss& x) {
  constexpr double operations_each = 30;
  in_shares(x.threads, x.rows, operations_each * (double)x.rows * (double)x.classes, [&](int64_t begin, int64_t end) {
    for (int64_t n = begin; n < end; n++) {
      Real* const gradient = x.gradient ? (Real*)x.gradient + n * x.classes : nullptr;
      const int64_t target = x.targets[n];
      if (target < 0) {
        x.losses[n] = 0;
        if (gradient) memset(gradient, 0, (size_t)x.classes * sizeof(Real));
      } else {
        x.losses[n] = softmax_row(x, (const Real*)x.outputs + n * x.classes, target, gradient);
      }
    }
  });
}

}  // namespace

extern const SoftmaxLoss softmax_loss;
const SoftmaxLoss softmax_loss = {softmax_in_shares<float>, softmax_in_shares<double>};

}  // namespace rondo::RONDO_TIER
