/*
 * What CellPlan does where weight_hh is sparse; see pass.h and sparse.h.
 *
 * A step is the input's product, then that of the state by the weights that are there; backwards by the same weights
 * transposed. Forward, few inputs are multiplied on the way, and many streams stay side by side from step to step. The
 * gradient of a weight is the product of two rows of numbers, one for each (t, b): the gradients of the pre-activation
 * that it feeds, and the states that it multiplies. So both are transposed, some (t, b) at a time.
 */
#ifndef RONDO_RESERVOIR_H
#define RONDO_RESERVOIR_H

#include "pass.h"

namespace rondo::RONDO_TIER {

/* Keeps the connections, and turns them; false when out of memory. */
template <class Cell>
bool CellPlan<Cell>::connect() {
  const int64_t N = options.hidden_size, count = options.connections;
  int64_t *starts, *turned_starts;
  int32_t *columns, *turned_columns, *origin;
  const auto take = [&](Pieces& pieces) {
    starts = pieces.take<int64_t>(N + 1);
    columns = pieces.take<int32_t>(count);
    turned_starts = pieces.take<int64_t>(N + 2);
    turned_columns = pieces.take<int32_t>(count);
    origin = pieces.take<int32_t>(count);
  };
  Pieces size(nullptr);
  take(size);
  if (size.used() < 0 || !(connected_ = allocate_memory((size_t)size.used()))) return false;
  Pieces pieces(connected_);
  take(pieces);
  memcpy(starts, options.row_starts, (size_t)(N + 1) * sizeof *starts);
  memcpy(columns, options.columns, (size_t)count * sizeof *columns);
  connections_ = {N, starts, columns};

  // turned_starts[c + 1] is where the next connection of column c goes, and in the end where those of c + 1 begin.
  memset(turned_starts, 0, (size_t)(N + 2) * sizeof *turned_starts);
  for (int64_t k = 0; k < count; k++) turned_starts[columns[k] + 2]++;
  for (int64_t c = 0; c < N; c++) turned_starts[c + 2] += turned_starts[c + 1];
  for (int64_t row = 0; row < N; row++) {
    for (int64_t k = starts[row]; k < starts[row + 1]; k++) {
      const int64_t at = turned_starts[columns[k] + 1]++;
      turned_columns[at] = (int32_t)row;
      origin[at] = (int32_t)k;
    }
  }
  return sparse_forward_.shape(connections_, nullptr) &&
         sparse_backward_.shape({N, turned_starts, turned_columns}, origin);
}

template <class Cell>
void CellPlan<Cell>::pack_sparse(const Pass& x, SparseMatrix<Real>& matrix, bool& packed) {
  if (is_sparse() && !packed) {
    matrix.pack(x.weight_hh.data);
    const int64_t I = options.input_size;
    for (int64_t r = 0; I <= few_inputs && r < rows; r++) {
      for (int64_t i = 0; i < I; i++) input_by_rows_[i * rows + r] = x.weight_ih.data[r * I + i];
    }
  }
  packed = true;
}

/*
 * y += x W^T, of batch rows from batch.begin on, of which there is memory for as many streams side by side;
 * after(units) hears which of them have their sums.
 */
template <class Cell>
template <class After>
void CellPlan<Cell>::multiply_sparse(const SparseMatrix<Real>& matrix, const Real* weights, Range batch, const Real* x,
                                     int64_t x_row, Real* y, int64_t y_row, Shared shared, const After& after) {
  const int64_t count = batch.end - batch.begin, H = options.hidden_size;
  const double operations = sparse_operations(count);
  const int64_t threads = shared == Shared::units ? options.threads : 1;
  const bool side_by_side = count >= SparseMatrix<Real>::many_streams;
  const int64_t row = (count + lanes<Real> - 1) / lanes<Real> * lanes<Real>;
  Real* const streams = streams_ + 2 * batch.begin * H;
  if (side_by_side) {
    in_shares(threads, matrix.windows(), operations, [&](int64_t begin, int64_t end) {
      transpose_rows(streams, row, x, x_row, nullptr, {0, count}, matrix.rows({begin, end}));
    }, worth_a_sparse_share);
  }
  const auto share = [&](int64_t begin, int64_t end) {
    for (int64_t window = begin; window < end; window++) {
      if (side_by_side) {
        matrix.add_product_of_streams({window, window + 1}, weights, count, streams, row, y, y_row);
      } else {
        matrix.add_product({window, window + 1}, count, x, x_row, y, y_row);
      }
      after(matrix.rows({window, window + 1}));
    }
  };
  in_shares(threads, matrix.windows(), operations, share, worth_a_sparse_share);
}

/* Step t of some batch rows; operand is plane 0 of the old state, masked. */
template <class Cell>
void CellPlan<Cell>::step_sparse(const Pass& x, int64_t t, Range batch, const Real* operand, Shared shared) {
  const int64_t P = plane_width[0], count = batch.end - batch.begin;
  if (count >= SparseMatrix<Real>::many_streams) {
    return multiply_sparse(sparse_forward_, x.weight_hh.data, batch, operand, P, x.tape.pre_at(t, batch.begin),
                           x.tape.pre_row, shared, [&](Range units) { finish_step(x, t, batch, units, shared); });
  }
  in_shares(shared == Shared::units ? options.threads : 1, sparse_forward_.windows(), sparse_operations(count),
            [&](int64_t begin, int64_t end) {
    for (int64_t b = batch.begin; b < batch.end; b++) {
      step_sparse_row(x, t, b, {begin, end}, operand + (b - batch.begin) * P);
    }
  }, worth_a_sparse_share);
}

/*
 * Of the units of some windows: their sums, and what these make of them, if the row takes the step. Both in one loop
 * took longer: the one is loads, the other a long chain, and neither has registers enough beside the other.
 */
template <class Cell>
void CellPlan<Cell>::step_sparse_row(const Pass& x, int64_t t, int64_t b, Range windows, const Real* operand) {
  const Range units = sparse_forward_.rows(windows);
  if (x.time.row(t, b) != Row::steps) return show_row(x, t, b, units);
  const int64_t I = options.input_size, H = options.hidden_size, row = t * x.time.B + b;
  Real* const gates = x.tape.pre_at(t, b);
  const Real* const old = x.tape.state(0, x.time.old_slot(t), b);
  Real* const now = x.tape.state(0, x.time.new_slot(t), b);
  const uint8_t* const held = x.time.held_units(t, b);
  Real* const output = x.given.output && !held ? (Real*)x.given.output + row * x.given.output_stride : nullptr;
  const Real* const input = x.input_in_step ? (const Real*)x.given.dense_input + row * x.given.input_stride : nullptr;
  for (int64_t w = windows.begin; w < windows.end; w++) {
    const Range part = sparse_forward_.rows({w, w + 1});
    Real sums[SparseMatrix<Real>::window];
    sparse_forward_.sum(w, operand, sums);
    cell_.with_step([&](auto activate, auto step) __attribute__((always_inline)) {
      for_each_vector<Real>(part, [&](int64_t j, auto extent) __attribute__((always_inline)) {
        Vector<Real> pre = load(input ? x.bias + j : gates + j, extent);
        for (int64_t i = 0; input && i < I; i++) pre += input[i] * load(input_by_rows_ + i * H + j, extent);
        const Vector<Real> f = activate(pre + load(sums + j - part.begin, extent));
        const Vector<Real> state = step(f, load(old + j, extent));
        if (x.given.cache) store(gates + j, f, extent);
        store(now + j, state, extent);
        if (output) store(output + j, state, extent);
      });
    });
  }
  if (!held) return;
  for (int64_t j = units.begin; j < units.end; j++) now[j] = held[j] ? old[j] : now[j];
  show_row(x, t, b, units);
}

/* Whether all steps are those of whole streams side by side, with nothing beside them. */
template <class Cell>
bool CellPlan<Cell>::steps_by_streams(const Pass& x) const {
  const rondo_pass& given = x.given;
  return is_sparse() && given.dense_input && options.input_size <= few_inputs && !given.cache && !given.lengths &&
         !given.hold && !given.recurrent_mask && x.time.B >= SparseMatrix<Real>::many_streams;
}

/*
 * The pass of as many streams as a vector has lanes, and then of the next ones: states of a unit lie side by side from
 * the first step to the last, those of all units near.
 */
template <class Cell>
void CellPlan<Cell>::loop_by_streams(const Pass& x, Shared shared) {
  constexpr int64_t L = lanes<Real>;
  const int64_t B = x.time.B, H = options.hidden_size, I = options.input_size, blocks = (B + L - 1) / L;
  const double operations = sparse_operations(L);
  in_shares(shared == Shared::batch ? options.threads : 1, blocks, operations * (double)(blocks * x.time.T),
            [&](int64_t begin, int64_t end) {
    Real* const slots[2] = {streams_ + begin * 2 * L * H, streams_ + (begin * 2 + 1) * L * H};
    for (int64_t first = begin * L; first < B && first < end * L; first += L) {
      const Range batch = {first, first + L < B ? first + L : B};
      const int64_t count = batch.end - batch.begin;
      memset(slots[0], 0, (size_t)(H * L) * sizeof(Real));
      if (x.given.initial[0]) {
        transpose_rows(slots[0], L, (const Real*)x.given.initial[0] + first * H, H, nullptr, {0, count}, {0, H});
      }
      for (int64_t i = 0; i < x.time.T; i++) {
        const int64_t t = x.time.step(i);
        Vector<Real> input[few_inputs] = {};
        for (int64_t b = 0; b < count; b++) {
          const Real* const from = (const Real*)x.given.dense_input + (t * B + first + b) * x.given.input_stride;
          for (int64_t k = 0; k < I; k++) input[k][b] = from[k];
        }
        in_shares(shared == Shared::units ? options.threads : 1, sparse_forward_.windows(), operations,
                  [&](int64_t window, int64_t last) {
          step_by_streams(x, t, batch, sparse_forward_.rows({window, last}), input, slots[i & 1], slots[1 - (i & 1)]);
        }, worth_a_sparse_share);
      }
      if (x.given.last[0]) turn_back(slots[x.time.T & 1], {0, H}, (Real*)x.given.last[0] + first * H, H, count);
    }
  });
}

/* Some units of step t of a vector of streams, whose states lie [H, lanes]. */
template <class Cell>
void CellPlan<Cell>::step_by_streams(const Pass& x, int64_t t, Range batch, Range units, const Vector<Real>* input,
                                     const Real* old, Real* now) {
  constexpr int64_t L = lanes<Real>;
  const int64_t I = options.input_size;
  Real* const output = (Real*)x.given.output;
  const Real *const weights = x.weight_hh.data, *const weight_ih = x.weight_ih.data, *const bias = x.bias;
  const int64_t* const starts = connections_.starts;
  const int32_t* const columns = connections_.columns;
  cell_.with_step([&](auto activate, auto step) __attribute__((always_inline)) {
    for (int64_t row = units.begin; row < units.end; row += L) {
      const int64_t count = units.end - row < L ? units.end - row : L;
      Vector<Real> sums[L];
      for (int64_t r = 0; r < count; r++) {
        Vector<Real> sum = {};
        for (int64_t k = starts[row + r]; k < starts[row + r + 1]; k++) {
          sum += weights[k] * load(old + columns[k] * L, Whole{});
        }
        sums[r] = sum;
      }
      for (int64_t r = 0; r < count; r++) {
        const int64_t at = row + r;
        Vector<Real> pre = broadcast(bias[at]);
        for (int64_t i = 0; i < I; i++) pre += weight_ih[at * I + i] * input[i];
        store(now + at * L, step(activate(pre + sums[r]), load(old + at * L, Whole{})), Whole{});
      }
      if (output) {
        turn_back(now, {row, row + count}, output + (t * x.time.B + batch.begin) * x.given.output_stride,
                  x.given.output_stride, batch.end - batch.begin);
      }
    }
  });
}

/* Some units of streams that lie [H, lanes], to rows [count, H] of the first of them. */
template <class Cell>
void CellPlan<Cell>::turn_back(const Real* streams, Range units, Real* to, int64_t to_row, int64_t count) {
  constexpr int64_t L = lanes<Real>;
  for_each_vector<Real>(units, [&](int64_t j, auto extent) {
    const int64_t there = units.end - j < L ? units.end - j : L;
    Vector<Real> block[L];
    for (int64_t k = 0; k < L; k++) block[k] = k < there ? load(streams + (j + k) * L, Whole{}) : Vector<Real>{};
    transpose<Real>(block);
    for (int64_t b = 0; b < count; b++) store(to + b * to_row + j, block[b], extent);
  });
}

/*
 * Some units of a range of rows, or of a list of rows, transposed: to [H], units to_row apart, with zeroes up to a
 * whole number of vectors. Returns that number.
 */
template <class Cell>
int64_t CellPlan<Cell>::transpose_rows(Real* to, int64_t to_row, const Real* from, int64_t row, const int32_t* list,
                                       Range range, Range units) {
  const int64_t count = range.end - range.begin;
  const auto row_at = [&](int64_t i) { return from + (list ? list[i] : i) * row; };
  int64_t vectors = 0;
  for (int64_t i = 0; i < count; i += lanes<Real>, vectors++) {
    const int64_t some = count - i < lanes<Real> ? count - i : lanes<Real>;
    for_each_vector<Real>(units, [&](int64_t j, auto extent) {
      Vector<Real> block[lanes<Real>];
      for (int64_t k = 0; k < lanes<Real>; k++) {
        block[k] = k < some ? load(row_at(range.begin + i + k) + j, extent) : Vector<Real>{};
      }
      transpose<Real>(block);
      const int64_t there = units.end - j < lanes<Real> ? units.end - j : lanes<Real>;
      for (int64_t k = 0; k < there; k++) store(to + (j + k) * to_row + i, block[k], Whole{});
    });
  }
  return vectors;
}

/* Adds what a range of (t, b) gives to the gradients of the sparse weights. */
template <class Cell>
void CellPlan<Cell>::add_sparse_gradients(const Pass& x, Real* gradients, Range range) {
  const int64_t B = x.time.B, P = plane_width[0], t = range.begin / B;
  Real* const d = gradients + wiring_.weight_rows * options.input_size;
  const int32_t* const list = x.time.complete() ? nullptr : stepping_;
  for (int64_t done = 0; done < stepping_count_; done += sparse_depth) {
    const int64_t end = done + sparse_depth < stepping_count_ ? done + sparse_depth : stepping_count_;
    const Real* const state = x.tape.state(0, x.time.old_slot(t), 0);
    const Range units = {0, P};
    transpose_rows(state_by_rows_, sparse_depth, state, P, list, {done, end}, units);
    const int64_t vectors = transpose_rows(pre_by_rows_, sparse_depth, x.tape.pre_at(t, 0), x.tape.pre_row, list,
                                           {done, end}, units);
    const double operations = 2.0 * (double)(end - done) * (double)options.connections;
    in_shares(options.threads, options.hidden_size, operations, [&](int64_t begin, int64_t last) {
      for (int64_t r = begin; r < last; r++) {
        const Real* const d_pre = pre_by_rows_ + r * sparse_depth;
        for (int64_t k = connections_.starts[r]; k < connections_.starts[r + 1]; k++) {
          const Real* const operand = state_by_rows_ + connections_.columns[k] * sparse_depth;
          Vector<Real> sum = {};
          for (int64_t v = 0; v < vectors; v++) {
            sum += load(d_pre + v * lanes<Real>, Whole{}) * load(operand + v * lanes<Real>, Whole{});
          }
          d[k] += sum_of_lanes<Real>(sum);
        }
      }
    });
  }
}

}  // namespace rondo::RONDO_TIER

#endif
