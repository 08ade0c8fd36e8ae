/*
 * The passes over a sequence, written once for every cell: products, time loop, lengths, hold, recurrent mask, direction,
 * strides, threads and parameter gradients.
 *
 * Legend: T time steps, B batch rows, I input width, R pre-activation rows, P_p width of state plane p.
 *
 * A cell is a class with its element type `Real`, its number of `planes`, rows(H), plane_width(p, H) and the pointwise part
 * of one batch row:
 *   forward(H, pre, old, now)             pre [R]: pre-activations in, what backward needs out; old, now: state planes
 *   backward(H, pre, old, now, d_state)   pre [R]: what forward left in, gradients of the pre-activations out;
 *                                         d_state: gradients of the new planes in, direct parts of those of the old out
 * It hears nothing of lengths, hold or masks: a row that takes no step is never shown to it, and of a row that is held in
 * part, the held units are put back afterwards (backward: their gradients are taken out before, which makes their
 * pre-activation gradients zero since these are linear in them, and put back afterwards).
 *
 * State lies in T + 1 slots in time order: forward in time, step t reads slot t and writes slot t + 1; reversed, it reads
 * slot t + 1 and writes slot t. So no step is special, and the operands of the recurrent weight gradient are
 * one matrix. Inference keeps two slots and a chunk of pre-activations; training keeps all of it in the cache.
 *
 * The stages so far are those of a cell whose one recurrent product adds to all rows. A cell that needs others (rows that
 * keep the two products apart, a second product, a row reduction, a projection) says so by a constant of its class and
 * gets its stage in `step` and `step_back`, where it serves all cells of that kind.
 */
#ifndef RONDO_PASS_H
#define RONDO_PASS_H

#include "gemm.h"
#include "plan.h"
#include "shares.h"

namespace rondo::RONDO_TIER {

/* Hands out 64-byte aligned pieces of a block of memory; without a block it counts how much they need. */
class Pieces {
 public:
  explicit Pieces(void* memory) : memory_((char*)memory) {}

  template <class Element>
  Element* take(int64_t rows, int64_t columns = 1) {
    int64_t bytes;
    overflow_ |= __builtin_mul_overflow(rows, columns, &bytes);
    overflow_ |= __builtin_mul_overflow(bytes, (int64_t)sizeof(Element), &bytes);
    overflow_ |= __builtin_add_overflow(bytes, 63, &bytes);
    char* piece = memory_ ? memory_ + used_ : nullptr;
    overflow_ |= __builtin_add_overflow(used_, bytes & ~(int64_t)63, &used_);
    return (Element*)piece;
  }

  /* Bytes handed out; -1 when they cannot be counted. */
  int64_t used() const { return overflow_ ? -1 : used_; }

 private:
  char* memory_;
  int64_t used_ = 0;
  bool overflow_ = false;
};

/* What happens to a batch row at a time step. */
enum class Row { absent, held, steps };

/* The order of time, and who takes part in it. */
struct Timeline {
  int64_t T, B;
  bool reversed;
  const int32_t* lengths;
  const uint8_t* hold;
  int64_t hold_width;

  /* The i-th step to be computed. */
  int64_t step(int64_t i) const { return reversed ? T - 1 - i : i; }
  int64_t old_slot(int64_t t) const { return reversed ? t + 1 : t; }
  int64_t new_slot(int64_t t) const { return reversed ? t : t + 1; }
  int64_t initial_slot() const { return reversed ? T : 0; }
  int64_t last_slot() const { return reversed ? 0 : T; }

  Row row(int64_t t, int64_t b) const {
    if (lengths && t >= lengths[b]) return Row::absent;
    return hold && hold_width == 1 && hold[t * B + b] ? Row::held : Row::steps;
  }
  /* Whether every row takes every step, at least in part. */
  bool complete() const { return !lengths && !(hold && hold_width == 1); }
  const uint8_t* held_units(int64_t t, int64_t b) const {
    return hold && hold_width > 1 ? hold + (t * B + b) * hold_width : nullptr;
  }
};

/* Where the steps of a pass are kept. */
template <class Real>
struct Tape {
  Real* pre; /* [steps, B, R], `pre_row` apart */
  int64_t pre_row;
  Real* slots[RONDO_MAX_PLANES]; /* [slots, B, P_p] */
  int64_t slot_size[RONDO_MAX_PLANES];
  int64_t slot_mask; /* all slots, or the two that take turns */

  Real* slot(int p, int64_t s) const { return slots[p] + (s & slot_mask) * slot_size[p]; }
};

template <class Cell>
class CellPlan final : public rondo_plan {
  using Real = typename Cell::Real;

 public:
  explicit CellPlan(const rondo_plan_options& options) : rondo_plan(options) {
    planes = Cell::planes;
    rows = Cell::rows(options.hidden_size);
    for (int p = 0; p < planes; p++) plane_width[p] = Cell::plane_width(p, options.hidden_size);
  }
  ~CellPlan() override { free_memory(memory_); }

  bool allocate() override {
    Pieces count(nullptr);
    lay_out(count);
    if (count.used() < 0 || !(memory_ = allocate_memory((size_t)count.used()))) return false;
    Pieces pieces(memory_);
    lay_out(pieces);
    return thread_scratch() != nullptr;
  }

  int64_t cache_bytes(int64_t time_steps, int64_t batch_size) const override {
    Pieces count(nullptr);
    lay_out_cache(count, time_steps, batch_size);
    return count.used();
  }

  int32_t forward(const rondo_pass& pass) override;
  int32_t backward(const rondo_pass& pass, const rondo_gradients& gradients) override;

 private:
  /*
   * A weight matrix as an operand B. It is packed by the first pass that needs it after a change, or by the second one if the
   * first has so few rows that it is better used where it lies.
   */
  struct Weights {
    int64_t k, n;
    Real* panels;
    enum { changed, used_in_place, packed } state = changed;
  };

  /* Of one pass, or of the cache between forward and backward. */
  struct CacheHeader {
    uint64_t mark;
    int64_t time_steps, batch_size, flags;
  };
  static constexpr uint64_t cache_is_full = 0x526f6e646f4c5354;

  struct Pass {
    const rondo_pass& given;
    Timeline time;
    Tape<Real> tape;
    const Real *weight_ih, *weight_hh, *bias;

    const Real* mask(int64_t t) const {
      return given.recurrent_mask ? (const Real*)given.recurrent_mask + t * given.mask_step : nullptr;
    }
  };

  // Memory.
  void lay_out(Pieces& pieces);
  Tape<Real> lay_out_cache(Pieces& pieces, int64_t T, int64_t B) const;
  int64_t pre_row() const;

  // Both passes.
  Pass open(const rondo_pass& pass);
  void pack(const Pass& x, Weights& weights, const Matrix<Real>& matrix);
  static void multiply_weights(const Product<Real>& x, const Weights& weights);
  static void copy_rows(Real* to, const void* from, int64_t begin, int64_t end, int64_t width);

  // Forward.
  void multiply_input(const Pass& x, int64_t first_step, int64_t begin, int64_t end);
  void step(const Pass& x, int64_t first_step, int64_t t, int64_t begin, int64_t end);
  void finish_row(const Pass& x, Real* pre, int64_t t, int64_t b);

  // Backward.
  void step_back(const Pass& x, const rondo_gradients& gradients, int64_t t, int64_t begin, int64_t end);
  void finish_row_back(const Pass& x, const rondo_gradients& gradients, int64_t t, int64_t b);
  void add_parameter_gradients(const Pass& x, Real* gradients, int64_t begin, int64_t end);

  void* memory_ = nullptr;
  Weights input_forward_, recurrent_forward_, input_backward_, recurrent_backward_;
  Tape<Real> inference_tape_;
  int64_t inference_rows_;           /* of inference_tape_.pre */
  Real* operand_;                    /* [B, P_0] masked state, or gradient of it */
  Real* d_state_[RONDO_MAX_PLANES];  /* [B, P_p] */
  Real* held_[RONDO_MAX_PLANES];     /* [B, P_p] gradients that pass by the held units */
  int32_t* stepping_;                /* [T * B] the (t, b) rows that take a step, where not all do */
  int64_t stepping_count_;
};

template <class Cell>
rondo_plan* make_plan(const rondo_plan_options& options) {
  return new CellPlan<Cell>(options);
}

// ----------------------------------------------------------------------------------------------------------- memory

/* Rows of pre-activations keep to cache lines, and off multiples of a page, where they would evict one another. */
template <class Cell>
int64_t CellPlan<Cell>::pre_row() const {
  constexpr int64_t line = 64 / sizeof(Real);
  const int64_t row = (rows + line - 1) / line * line;
  return row * (int64_t)sizeof(Real) % 1024 == 0 ? row + line : row;
}

template <class Cell>
void CellPlan<Cell>::lay_out(Pieces& pieces) {
  const int64_t T = options.time_steps, B = options.batch_size, I = options.input_size;
  const auto make_room = [&](Weights& weights, int64_t k, int64_t n) {
    weights.k = k;
    weights.n = n;
    weights.panels = pieces.take<Real>(k, packed_size<Real>(1, n));
  };
  make_room(input_forward_, I, rows);
  make_room(recurrent_forward_, plane_width[0], rows);
  make_room(input_backward_, rows, I);
  make_room(recurrent_backward_, rows, plane_width[0]);
  // A chunk's pre-activations stay near the second-level cache, but are many enough rows to be a good product.
  const int64_t fitting = 256 * 1024 / (pre_row() * (int64_t)sizeof(Real));
  const int64_t steps = (fitting > 48 ? fitting : 48) / B;
  inference_rows_ = (steps < 1 ? 1 : steps < T ? steps : T) * B;
  inference_tape_.pre = pieces.take<Real>(inference_rows_, pre_row());
  inference_tape_.pre_row = pre_row();
  inference_tape_.slot_mask = 1;
  operand_ = pieces.take<Real>(B, plane_width[0]);
  for (int p = 0; p < planes; p++) {
    inference_tape_.slots[p] = pieces.take<Real>(2 * B, plane_width[p]);
    d_state_[p] = pieces.take<Real>(B, plane_width[p]);
    held_[p] = pieces.take<Real>(B, plane_width[p]);
  }
  stepping_ = pieces.take<int32_t>(T, B);
}

template <class Cell>
Tape<typename Cell::Real> CellPlan<Cell>::lay_out_cache(Pieces& pieces, int64_t T, int64_t B) const {
  Tape<Real> tape;
  pieces.take<CacheHeader>(1);
  tape.pre_row = pre_row();
  tape.pre = pieces.take<Real>(T * B, tape.pre_row);
  for (int p = 0; p < planes; p++) tape.slots[p] = pieces.take<Real>((T + 1) * B, plane_width[p]);
  tape.slot_mask = -1;
  return tape;
}

// ------------------------------------------------------------------------------------------------------ both passes

template <class Cell>
typename CellPlan<Cell>::Pass CellPlan<Cell>::open(const rondo_pass& pass) {
  const int64_t T = pass.time_steps, B = pass.batch_size;
  const Timeline time = {T, B, (pass.flags & RONDO_REVERSED) != 0, pass.lengths, pass.hold, pass.hold_width};
  Pieces cache(pass.cache);
  Tape<Real> tape = pass.cache ? lay_out_cache(cache, T, B) : inference_tape_;
  for (int p = 0; p < planes; p++) tape.slot_size[p] = B * plane_width[p];
  if (!(pass.flags & RONDO_PARAMS_UNCHANGED)) {
    input_forward_.state = recurrent_forward_.state = Weights::changed;
    input_backward_.state = recurrent_backward_.state = Weights::changed;
  }
  const Real* weight_ih = (const Real*)pass.params;
  const Real* weight_hh = weight_ih + rows * options.input_size;
  return {pass, time, tape, weight_ih, weight_hh, weight_hh + rows * plane_width[0]};
}

template <class Cell>
void CellPlan<Cell>::pack(const Pass& x, Weights& weights, const Matrix<Real>& matrix) {
  if (weights.state == Weights::packed) return;
  if (weights.state == Weights::changed && x.time.T * x.time.B <= few_rows) {
    weights.state = Weights::used_in_place;
    return;
  }
  const int64_t panels = panels_of<Real>(weights.n).pieces;
  in_shares(options.threads, panels, 4.0 * (double)(weights.k * weights.n), [&](int64_t begin, int64_t end) {
    pack_panels(matrix, {}, weights.k, weights.n, weights.panels, begin, end);
  });
  weights.state = Weights::packed;
}

/* x, whose B is the weights. */
template <class Cell>
void CellPlan<Cell>::multiply_weights(const Product<Real>& x, const Weights& weights) {
  weights.state == Weights::packed ? multiply_packed(x, weights.panels) : multiply(x);
}

/* Copies the rows [begin, end) of a state plane; an absent one is zero. */
template <class Cell>
void CellPlan<Cell>::copy_rows(Real* to, const void* from, int64_t begin, int64_t end, int64_t width) {
  const size_t bytes = (size_t)((end - begin) * width) * sizeof(Real);
  from ? memcpy(to + begin * width, (const Real*)from + begin * width, bytes) : memset(to + begin * width, 0, bytes);
}

}  // namespace rondo::RONDO_TIER

#include "forward.h"
#include "backward.h"

#endif
