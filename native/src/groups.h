/*
 * What CellPlan does for cells with groups of units that have a clock each; see pass.h.
 *
 * A group moves at the steps whose absolute time is a multiple of its period. Then its units see the input, and the
 * states of their own group and of those after it, which are slower: weight_hh is block upper triangular, and what is
 * below its diagonal is not there. At other steps its states are copied, backward the gradients of its states stay as
 * they are, and none of its products is made: pre-activations are cached only where a group moves.
 *
 * So a step, forward and backward, is one product for each group that moves, the input's product is part of it, and a
 * group's weights take their gradients from the rows (t, b) at which it moved. All groups have one gate.
 */
#ifndef RONDO_GROUPS_H
#define RONDO_GROUPS_H

#include "pass.h"

namespace rondo::RONDO_TIER {

template <class Cell>
void CellPlan<Cell>::lay_out_groups(Pieces& pieces) {
  const int64_t I = options.input_size, H = options.hidden_size;
  Group* const groups = pieces.take<Group>(options.groups);
  int64_t first = 0, at = 0;
  for (int64_t g = 0; g < options.groups; g++) {
    const int64_t size = options.group_sizes[g], width = H - first;
    Group group = {{first, first + size}, options.group_periods[g], at, {}, {}, {}, {}};
    make_room(pieces, group.input_forward, I, Columns::plain(size));
    make_room(pieces, group.input_backward, size, Columns::plain(I));
    make_room(pieces, group.forward, width, Columns::plain(size));
    make_room(pieces, group.backward, size, Columns::plain(width));
    if (groups) groups[g] = group;
    first += size;
    at += size * width;
  }
  groups_ = groups;
  recurrent_weights_ = at;
}

template <class Cell>
void CellPlan<Cell>::pack_groups_forward(const Pass& x) {
  for (int64_t g = 0; g < options.groups; g++) {
    Group& group = groups_[g];
    if (x.given.dense_input) {
      pack(x, group.input_forward, x.weight_ih.rows_from(group.units.begin).transposed());
    }
    pack(x, group.forward, x.weights(group).transposed());
  }
}

template <class Cell>
void CellPlan<Cell>::pack_groups_back(const Pass& x, const rondo_gradients& gradients) {
  for (int64_t g = 0; g < options.groups; g++) {
    Group& group = groups_[g];
    if (gradients.input) pack(x, group.input_backward, x.weight_ih.rows_from(group.units.begin));
    pack(x, group.backward, x.weights(group));
  }
}

/* Calls body(units, whether they move at step t) for the units of groups side by side that do the same. */
template <class Cell>
template <class Body>
void CellPlan<Cell>::for_each_run(const Pass& x, int64_t t, Range units, const Body& body) const {
  int64_t begin = units.begin;
  for (int64_t g = 0; g < options.groups && begin < units.end;) {
    const bool moves = x.moves(groups_[g], t);
    while (g < options.groups && x.moves(groups_[g], t) == moves) g++;
    const int64_t run_end = groups_[g - 1].units.end, end = run_end < units.end ? run_end : units.end;
    if (begin < end) body(Range{begin, end}, moves);
    begin = begin < end ? end : begin;
  }
}

// ----------------------------------------------------------------------------------------------------------- forward

/* Step t of some batch rows. */
template <class Cell>
void CellPlan<Cell>::step_groups(const Pass& x, int64_t t, Range batch, Shared shared) {
  const Real* operand = operand_of(x, t, batch);
  for (int64_t g = 0; g < options.groups; g++) {
    if (x.moves(groups_[g], t)) step_group(x, t, batch, operand, groups_[g], shared);
  }
  for_each_run(x, t, {0, options.hidden_size}, [&](Range units, bool moves) {
    for (int64_t b = batch.begin; b < batch.end && !moves; b++) show_row(x, t, b, units, false);
  });
}

/* A group that moves: pre = bias + x W_ih^T + operand [batch rows, P] W_hh^T, and what the cell makes of it. */
template <class Cell>
void CellPlan<Cell>::step_group(const Pass& x, int64_t t, Range batch, const Real* operand, const Group& group,
                                Shared shared) {
  const int64_t I = options.input_size, P = plane_width[0], M = wiring_.weight_rows, pre_row = x.tape.pre_row;
  const int64_t first = group.units.begin, size = group.size(), count = batch.end - batch.begin;
  Real* const pre = x.tape.pre_at(t, batch.begin) + first;
  const Matrix<Real> states = {operand + first, P, 1};
  Product<Real> product = {count, size, P - first, states, x.weights(group).transposed(), {pre, pre_row}, pre, pre_row};
  Addend<Real> addend;
  if (x.given.dense_input) {
    const int64_t stride = x.given.input_stride, row = t * x.time.B + batch.begin;
    const Matrix<Real> input = {(const Real*)x.given.dense_input + row * stride, stride, 1};
    const Start<Real> bias = {x.bias + first, 0};
    if (group.input_forward.state == Weights::packed && group.forward.state == Weights::packed) {
      product.start = bias;
      addend = {I, input, group.input_forward.panels};
    } else {
      const Matrix<Real> weights = x.weight_ih.rows_from(first).transposed();
      multiply_weights({count, size, I, input, weights, bias, pre, pre_row}, group.input_forward, Shared::batch,
                         [](Range) {});
    }
  }
  for (int64_t b = batch.begin; b < batch.end && x.given.tokens; b++) {
    if (x.time.row(t, b) != Row::steps) continue;
    Real* const to = x.tape.pre_at(t, b) + first;
    copy_row(to, (const Real*)x.given.params + x.given.tokens[t * x.time.B + b] * M + first, size);
    add_row(to, x.bias + first, size);
  }
  const auto finish = [&](Range units) {
    const Range own = {first + units.begin, first + units.end};
    for (int64_t b = batch.begin; b < batch.end; b++) finish_row(x, t, b, own);
  };
  multiply_weights(product, group.forward, shared, finish, addend);
}

// ---------------------------------------------------------------------------------------------------------- backward

/*
 * d_operand [batch rows, P] += d_pre W_hh of the groups that move at step t, slow ones first: the fastest reads the
 * states of all units from its own first on, so after(units) hears of these from its product, and of others before.
 */
template <class Cell>
template <class After>
void CellPlan<Cell>::multiply_groups_back(const Pass& x, int64_t t, Range batch, Real* d_operand, Shared shared,
                                          const After& after) {
  const int64_t P = plane_width[0], count = batch.end - batch.begin;
  int64_t fastest = 0;
  while (fastest < options.groups && !x.moves(groups_[fastest], t)) fastest++;
  const int64_t untouched = fastest < options.groups ? groups_[fastest].units.begin : P;
  if (untouched > 0) after(Range{0, untouched});
  for (int64_t g = options.groups - 1; g >= fastest; g--) {
    const Group& group = groups_[g];
    if (!x.moves(group, t)) continue;
    const int64_t first = group.units.begin;
    const Matrix<Real> d_pre = {x.tape.pre_at(t, batch.begin) + first, x.tape.pre_row, 1};
    Real* const to = d_operand + first;
    const Product<Real> product = {count, P - first, group.size(), d_pre, x.weights(group), {to, P}, to, P};
    multiply_weights(product, group.backward, shared, [&](Range units) {
      if (g == fastest) after(Range{first + units.begin, first + units.end});
    });
  }
}

/* The gradient of the input, for some steps. */
template <class Cell>
void CellPlan<Cell>::multiply_group_inputs_back(const Pass& x, const rondo_gradients& gradients, Range steps) {
  const int64_t B = x.time.B, I = options.input_size, stride = gradients.input_stride;
  for (int64_t t = steps.begin; t < steps.end; t++) {
    Real* const d_input = (Real*)gradients.input + t * B * stride;
    bool assigned = gradients.input_accumulate;
    for (int64_t g = 0; g < options.groups; g++) {
      const Group& group = groups_[g];
      if (!x.moves(group, t)) continue;
      const int64_t first = group.units.begin;
      const Matrix<Real> d_pre = {x.tape.pre_at(t, 0) + first, x.tape.pre_row, 1};
      const Start<Real> start = {assigned ? d_input : nullptr, stride};
      multiply_weights({B, I, group.size(), d_pre, x.weight_ih.rows_from(first), start, d_input, stride},
                         group.input_backward, Shared::batch, [](Range) {});
      assigned = true;
    }
    for (int64_t b = 0; b < B && !assigned; b++) memset(d_input + b * stride, 0, (size_t)I * sizeof(Real));
  }
}

/* Adds what a range of (t, b) gives to the gradients of all parameters, from the rows at which each group moved. */
template <class Cell>
void CellPlan<Cell>::add_group_gradients(const Pass& x, Real* gradients, Range range) {
  const int64_t M = wiring_.weight_rows, I = options.input_size, P = plane_width[0], B = x.time.B;
  const int64_t t = range.begin / B, stride = x.given.input_stride, threads = options.threads;
  const Matrix<Real> states = {x.tape.state(0, x.time.old_slot(t), 0), P, 1};
  const Matrix<Real> input = {(const Real*)x.given.dense_input + (x.given.dense_input ? range.begin * stride : 0),
                              stride, 1};
  for (int64_t g = 0; g < options.groups; g++) {
    const Group& group = groups_[g];
    const int64_t first = group.units.begin, size = group.size(), width = P - first;
    stepping_count_ = 0;
    for (int64_t step = t; step * B < range.end; step++) {
      const int64_t end = x.moves(group, step) ? B : 0;
      for (int64_t b = 0; b < end; b++) {
        if (x.time.row(step, b) == Row::steps) stepping_[stepping_count_++] = (int32_t)((step - t) * B + b);
      }
    }
    // Each thread takes a part of the sources: so all have as much to do.
    const double operations = 2.0 * stepping_count_ * size * (x.given.dense_input ? width + I : width);
    in_shares(threads, threads, operations, [&](int64_t begin, int64_t end) {
      const auto part = [&](int64_t count) { return Range{count * begin / threads, count * end / threads}; };
      const Matrix<Real> own = {states.data + first, P, 1};
      add_weights(x, t, group, own, part(width), gradients + M * I + group.at, width);
      if (x.given.dense_input) add_weights(x, t, group, input, part(I), gradients + first * I, I);
      const Range units = part(size);
      const int64_t from = first + units.begin, count = units.end - units.begin;
      for (int64_t s = 0; s < stepping_count_; s++) {
        const int64_t row = range.begin + stepping_[s];
        const Real* d_row = x.tape.pre_at(0, row) + from;
        add_row(gradients + M * I + recurrent_weights_ + from, d_row, count);
        if (x.given.tokens) add_row(gradients + x.given.tokens[row] * M + from, d_row, count);
      }
    });
  }
}

/*
 * Adds the gradients of a group's weights on some columns of a source, whose rows begin with those of step t, to `d`
 * [size, width]. A group is narrower than the states that it sees: so it is the group's columns that are gathered, and
 * the sums need not be turned.
 */
template <class Cell>
void CellPlan<Cell>::add_weights(const Pass& x, int64_t t, const Group& group, const Matrix<Real>& source,
                                 Range columns, Real* d, int64_t width) {
  const int64_t count = columns.end - columns.begin;
  if (count == 0 || stepping_count_ == 0) return;
  const Matrix<Real> operand = {source.data + columns.begin, source.row, 1};
  const Matrix<Real> d_pre = {x.tape.pre_at(t, 0) + group.units.begin, x.tape.pre_row, 1};
  Real* const to = d + columns.begin;
  multiply<Real>({group.size(), count, stepping_count_, d_pre.transposed(), operand, {to, width}, to, width},
                 stepping_);
}

/* The gradients of pre-activations where groups rest, if they are wanted: what was cached there may be anything. */
template <class Cell>
void CellPlan<Cell>::clear_resting_rows(const Pass& x, const rondo_gradients& gradients) {
  for (int64_t row = 0; row < x.time.T * x.time.B && gradients.pre_activations; row++) {
    Real* const d_pre = (Real*)gradients.pre_activations + row * rows;
    for_each_run(x, row / x.time.B, {0, rows}, [&](Range units, bool moves) {
      if (!moves) memset(d_pre + units.begin, 0, (size_t)(units.end - units.begin) * sizeof(Real));
    });
  }
}

}  // namespace rondo::RONDO_TIER

#endif
