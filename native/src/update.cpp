/*
 * What is done to gradients: the sum of their squares, and the update of parameters by them.
 *
 *   g = min(max(scale g, -bound), bound) + decay w
 *   m = mean_keep m + mean_gain g                          where there is an m
 *   v = square_keep v + square_gain g^2                    where there is a v
 *   step = gradient_rate g + mean_rate m
 *   w = weight_keep w - step / (sqrt(square_correction v) + epsilon)          without a v: weight_keep w - step
 *
 * All in double, rounded where it is stored, and each operation by itself: this unit is compiled without fused
 * multiplication and addition. So an update gives the same bits at every tier, and in plain Java.
 */
#include "plan.h"
#include "product.h"
#include "shares.h"
#include "wide.h"

namespace rondo::RONDO_TIER {
namespace {

// ----------------------------------------------------------------------------------------------------- sum of squares

template <class Real>
double squares(const Real* x, int64_t count) {
  constexpr int chains = 4;  // so that one addition need not wait for the last
  constexpr int64_t turn = chains * lanes<double>;
  Vector<double> sums[chains] = {};
  int64_t i = 0;
  for (; i + turn <= count; i += turn) {
    RONDO_UNROLL
    for (int chain = 0; chain < chains; chain++) {
      const Vector<double> a = load_wide(x + i + chain * lanes<double>, Whole{});
      sums[chain] += a * a;
    }
  }
  for_each_vector<double>(count - i, [&](int64_t j, auto extent) {
    const Vector<double> a = load_wide(x + i + j, extent);
    sums[0] += a * a;
  });
  return sum_of_lanes((sums[0] + sums[1]) + (sums[2] + sums[3]));
}

/* Pieces are summed apart and their sums in order; size alone says how many there are. */
template <class Real>
double squares_in_shares(const rondo_squares& x) {
  constexpr int64_t most = 64, worth_a_piece = 4096;
  const int64_t even_size = (x.count + most - 1) / most;
  const Split pieces(x.count, even_size > worth_a_piece ? even_size : worth_a_piece);
  double sums[most];
  in_shares(x.threads, pieces.pieces, 2.0 * (double)x.count, [&](int64_t begin, int64_t end) {
    for (int64_t piece = begin; piece < end; piece++) {
      const int64_t first = pieces.begin(piece);
      sums[piece] = squares((const Real*)x.values + first, pieces.begin(piece + 1) - first);
    }
  });
  double sum = 0;
  for (int64_t piece = 0; piece < pieces.pieces; piece++) sum += sums[piece];
  return sum;
}

// ------------------------------------------------------------------------------------------------------------- update

RONDO_INLINE Vector<double> square_root(Vector<double> x) {
  RONDO_UNROLL
  for (int lane = 0; lane < lanes<double>; lane++) x[lane] = __builtin_sqrt(x[lane]);
  return x;
}

/* Not-a-number stays what it is. */
RONDO_INLINE Vector<double> within(Vector<double> x, double bound) {
  x = x > bound ? broadcast(bound) : x;
  return x < -bound ? broadcast(-bound) : x;
}

template <class Real, bool has_mean, bool has_square>
void update(const rondo_rule& rule, int64_t begin, int64_t count) {
  const rondo_rule r = rule;  // a copy that no store can change
  Real* const w = (Real*)r.w + begin;
  Real* const m = has_mean ? (Real*)r.m + begin : nullptr;
  Real* const v = has_square ? (Real*)r.v + begin : nullptr;
  const Real* const g = (const Real*)r.g + begin;
  for_each_vector<double>(count, [&](int64_t i, auto extent) {
    const Vector<double> weight = load_wide(w + i, extent);
    const Vector<double> clipped = within(load_wide(g + i, extent) * r.scale, r.bound);
    const Vector<double> gradient = r.decay == 0 ? clipped : clipped + weight * r.decay;
    Vector<double> step = gradient * r.gradient_rate;
    if constexpr (has_mean) {
      const Vector<double> mean = load_wide(m + i, extent) * r.mean_keep + gradient * r.mean_gain;
      store_wide(m + i, mean, extent);
      step += mean * r.mean_rate;
    }
    if constexpr (has_square) {
      const Vector<double> square = load_wide(v + i, extent) * r.square_keep + gradient * r.square_gain * gradient;
      store_wide(v + i, square, extent);
      step /= square_root(square * r.square_correction) + r.epsilon;
    }
    store_wide(w + i, weight * r.weight_keep - step, extent);
  });
}

template <class Real>
void update_in_shares(const rondo_rule& rule) {
  const auto body = rule.m ? (rule.v ? update<Real, true, true> : update<Real, true, false>)
                           : (rule.v ? update<Real, false, true> : update<Real, false, false>);
  constexpr double operations_each = 20;
  in_shares(rule.threads, rule.count, operations_each * (double)rule.count,
            [&](int64_t begin, int64_t end) { body(rule, begin, end - begin); });
}

}  // namespace

extern const Squares sum_of_squares;
const Squares sum_of_squares = {squares_in_shares<float>, squares_in_shares<double>};

extern const Update update_by_rule;
const Update update_by_rule = {update_in_shares<float>, update_in_shares<double>};

}  // namespace rondo::RONDO_TIER
