/*
 * The passes of a cell whose units see their own past alone: no product takes the state.
 *
 * Its pre-activations are one product for all steps of a chunk, and a scan over time takes the place of the loop of
 * steps: a vector of units goes through the whole chunk with its state in a register. Threads share batch rows and
 * units and meet once a chunk.
 *
 * A linear cell has coefficients that come of the input alone; steps wait for one another in one multiplication and
 * addition:
 *
 *   h_t = keep_t h_{t-1} + add_t       backward: d_{t-1} = keep_t d_t, with d_t of all that h_t goes to
 *
 * Instead of forward and backward it has, for the vector of units from j on:
 *   coefficients(j, pre, extent)        pre [R]: pre-activations in, what gradients needs out; returns keep and add
 *   gradients(j, pre, old, d, extent)   pre: what coefficients left in, gradients of the pre-activations out, from d
 *                                       of the new state; returns keep
 *
 * A diagonal cell has H pre-activations, to which each unit adds its own old state, masked, times a weight of its own:
 * weight_hh [H, 1]. It has, for any vector of units:
 *   activate(a)        the new state
 *   slope(h, d)        the gradient of a, from what activate returned and the gradient of it
 *
 * Time itself is not shared among threads. Of a linear cell it could be, in blocks that are joined by the products of
 * their keep_t: but each block is gone through twice then, sums are rounded in another way than in single steps, and it
 * would serve only a pass of fewer vectors of units than threads, in which the products take nearly all of the time.
 */
#ifndef RONDO_SCAN_H
#define RONDO_SCAN_H

#include "pass.h"

namespace rondo::RONDO_TIER {

RONDO_INLINE int64_t count_of(Part part, int64_t) { return part.count; }
RONDO_INLINE int64_t count_of(Whole, int64_t whole) { return whole; }

/* now = keep old + add, of a vector of units. */
template <class Real>
struct Linear {
  Vector<Real> keep, add;
};

/* All bits of the lanes whose units are held. */
template <class Real, class Extent>
RONDO_INLINE typename Simd<Real>::Bits held_lanes(const uint8_t* held, Extent extent) {
  typename Simd<Real>::Bits lanes_held = {};
  for (int64_t k = 0; k < count_of(extent, lanes<Real>); k++) lanes_held[k] = held[k] ? -1 : 0;
  return lanes_held;
}

/* Calls scan(b, j, Whole or Part) for every batch row b and vector of units from j on, in shares. */
template <class Cell>
template <class Scan>
void CellPlan<Cell>::share_scan(const Pass& x, Range steps, const Scan& scan) {
  const int64_t H = options.hidden_size, vectors = (H + lanes<Real> - 1) / lanes<Real>, count = x.time.B * vectors;
  // A pre-activation takes about as long as 50 operations of a product.
  const double operations = 50.0 * (double)(steps.end - steps.begin) * (double)(x.time.B * rows);
  in_shares(options.threads, count, operations, [&](int64_t begin, int64_t end) {
    for (int64_t item = begin; item < end; item++) {
      const int64_t b = item / vectors, first = item % vectors * lanes<Real>;
      const int64_t last = first + lanes<Real> < H ? first + lanes<Real> : H;
      for_each_vector<Real>(Range{first, last}, [&](int64_t j, auto extent) { scan(b, j, extent); });
    }
  });
}

/* Some steps of all batch rows, counted in the order of the pass, after the product of their pre-activations. */
template <class Cell>
void CellPlan<Cell>::scan(const Pass& x, Range steps) {
  share_scan(x, steps, [&](int64_t b, int64_t j, auto extent) { scan_units(x, steps, b, j, extent); });
}

template <class Cell>
template <class Extent>
void CellPlan<Cell>::scan_units(const Pass& x, Range steps, int64_t b, int64_t j, Extent extent) {
  const int64_t H = options.hidden_size, B = x.time.B;
  Real* const start = x.tape.state(0, x.time.old_slot(x.time.step(steps.begin)), b) + j;
  if (steps.begin == 0) {
    const Real* initial = (const Real*)x.given.initial[0];
    store(start, initial ? load(initial + b * H + j, extent) : Vector<Real>{}, extent);
  }
  Vector<Real> h = load(start, extent);
  for (int64_t i = steps.begin; i < steps.end; i++) {
    const int64_t t = x.time.step(i);
    const Row row = x.time.row(t, b);
    if (row == Row::steps) {
      const Vector<Real> now = scan_step(x, t, b, j, h, extent);
      const uint8_t* held = x.time.held_units(t, b);
      h = held ? (held_lanes<Real>(held + j, extent) ? h : now) : now;
    }
    store(x.tape.state(0, x.time.new_slot(t), b) + j, h, extent);
    if (!x.given.output) continue;
    Real* const output = (Real*)x.given.output + (t * B + b) * x.given.output_stride + j;
    store(output, row == Row::absent ? Vector<Real>{} : h, extent);
  }
  if (steps.end == x.time.T && x.given.last[0]) store((Real*)x.given.last[0] + b * H + j, h, extent);
}

/* The new state of a vector of units. */
template <class Cell>
template <class Extent>
Vector<typename Cell::Real> CellPlan<Cell>::scan_step(const Pass& x, int64_t t, int64_t b, int64_t j, Vector<Real> old,
                                                      Extent extent) {
  Real* const pre = x.tape.pre_at(t, b);
  if constexpr (is_linear) {
    const Linear<Real> step = cell_.coefficients(j, pre, extent);
    return step.keep * old + step.add;
  } else {
    const Vector<Real> operand = old * mask_at(x, t, b, j, extent);
    const Vector<Real> now = cell_.activate(load(pre + j, extent) + load(x.weight_hh.data + j, extent) * operand);
    store(pre + j, now, extent);
    return now;
  }
}

/* The same steps backwards: gradients of the pre-activations take the place of what forward left. */
template <class Cell>
void CellPlan<Cell>::scan_back(const Pass& x, const rondo_gradients& gradients, Range steps) {
  share_scan(x, steps, [&](int64_t b, int64_t j, auto extent) { scan_units_back(x, gradients, steps, b, j, extent); });
}

template <class Cell>
template <class Extent>
void CellPlan<Cell>::scan_units_back(const Pass& x, const rondo_gradients& gradients, Range steps, int64_t b, int64_t j,
                                     Extent extent) {
  const int64_t H = options.hidden_size, B = x.time.B, at = b * H + j;
  const Real* const first = steps.end == x.time.T ? (const Real*)gradients.last[0] : d_state_[0];
  Vector<Real> d = first ? load(first + at, extent) : Vector<Real>{};
  if (is_diagonal && steps.end == x.time.T) store(d_diagonal_ + at, Vector<Real>{}, extent);
  for (int64_t i = steps.end - 1; i >= steps.begin; i--) {
    const int64_t t = x.time.step(i);
    const Row row = x.time.row(t, b);
    Real* const pre = x.tape.pre_at(t, b);
    if (row != Row::absent && gradients.output) {
      d += load((const Real*)gradients.output + (t * B + b) * gradients.output_stride + j, extent);
    }
    if (row != Row::steps) {
      for (int64_t gate = 0; gate < rows; gate += H) store(pre + gate + j, Vector<Real>{}, extent);
      continue;
    }
    const uint8_t* held = x.time.held_units(t, b);
    typename Simd<Real>::Bits kept = {};
    if (held) kept = held_lanes<Real>(held + j, extent);
    d = (kept ? d : Vector<Real>{}) + scan_step_back(x, t, b, j, kept ? Vector<Real>{} : d, extent);
  }
  store(d_state_[0] + at, d, extent);
  if (steps.begin == 0 && gradients.initial[0]) store((Real*)gradients.initial[0] + at, d, extent);
}

/* The gradient of the old state of a vector of units, from that of the new one. */
template <class Cell>
template <class Extent>
Vector<typename Cell::Real> CellPlan<Cell>::scan_step_back(const Pass& x, int64_t t, int64_t b, int64_t j,
                                                           Vector<Real> d, Extent extent) {
  Real* const pre = x.tape.pre_at(t, b);
  const Vector<Real> old = load(x.tape.state(0, x.time.old_slot(t), b) + j, extent);
  if constexpr (is_linear) {
    return d * cell_.gradients(j, pre, old, d, extent);
  } else {
    const Vector<Real> mask = mask_at(x, t, b, j, extent), d_pre = cell_.slope(load(pre + j, extent), d);
    Real* const d_weight = d_diagonal_ + b * options.hidden_size + j;
    store(pre + j, d_pre, extent);
    store(d_weight, load(d_weight, extent) + d_pre * old * mask, extent);
    return mask * load(x.weight_hh.data + j, extent) * d_pre;
  }
}

/* The recurrent mask of a vector of units. */
template <class Cell>
template <class Extent>
Vector<typename Cell::Real> CellPlan<Cell>::mask_at(const Pass& x, int64_t t, int64_t b, int64_t j, Extent extent) {
  const Real* mask = x.mask(t, b, options.hidden_size);
  return mask ? load(mask + j, extent) : broadcast((Real)1);
}

/* Adds the gradients of a weight_hh of one column, of one batch row after the other. */
template <class Cell>
void CellPlan<Cell>::add_diagonal_gradients(const Pass& x, Real* gradients) {
  const int64_t M = wiring_.weight_rows;
  for (int64_t b = 0; b < x.time.B; b++) add_row(gradients + M * options.input_size, d_diagonal_ + b * M, M);
}

}  // namespace rondo::RONDO_TIER

#endif
