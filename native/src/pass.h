/*
 * The passes over a sequence, written once for every cell: products, time loop, lengths, hold, recurrent mask,
 * direction, strides, threads and parameter gradients.
 *
 * Legend: T time steps, B batch rows, I input width, H hidden units, R pre-activation rows, P_p width of state plane p,
 * and P = P_0, which is what the recurrent product takes and the output shows.
 *
 * A cell is an object made of H and the plan's variant, with its element type `Real`, its number of `planes`, its
 * number of `variants`, its wiring(), plane_width(p) and the pointwise part of one batch row:
 *   forward(pre, old, now)                pre [R]: pre-activations in, what backward needs out; old, now: state planes
 *   backward(pre, old, now, d_state)      pre [R]: what forward left in, gradients of the pre-activations out;
 *                                         d_state: gradients of the new planes in, direct parts of those of the old out
 * and, if its wiring has a second product, what lies between the two; operand is plane 0 of the old state, masked:
 *   forward_between(pre, operand, cache)             pre: after the first product; cache [P]: the second's operand
 *   backward_between(pre, operand, d_cache, d_operand)   pre: what backward left in, gradients in all rows out;
 *                                                    d_operand: added to
 * It hears nothing of lengths, hold or masks: a row that takes no step is never shown to it, and of a row that is held
 * in part, the held units are put back afterwards (backward: their gradients are taken out before, as these are linear
 * in them, and put back afterwards).
 *
 * Training keeps pre-activations and states of all steps in the cache; inference has two slots of state and a chunk of
 * pre-activations in the plan.
 *
 * The stages so far: a recurrent product, which may feed other rows than the input's, and a second one on the cache
 * plane. A cell that needs others (a row reduction, a projection) says so in its wiring and gets its stage in `step`
 * and `step_back`, where it serves all cells of that kind.
 */
#ifndef RONDO_PASS_H
#define RONDO_PASS_H

#include "gemm.h"
#include "plan.h"
#include "shares.h"
#include "tape.h"

namespace rondo::RONDO_TIER {

/* Rows of weight_hh, from `from` on, and the pre-activation rows that they feed, from `row` on; none if count is 0. */
struct Span {
  int64_t from, row, count;
};

/* Which weights feed which pre-activation rows. weight_ih feeds the first M, and the bias all of them. */
struct Wiring {
  int64_t rows;        /* R */
  int64_t weight_rows; /* M, of both matrices */
  Span recurrent[2];   /* multiplied with the state; rows that the input does not feed start at their bias */
  Span between = {};   /* multiplied with the cache plane, in a second product */
};

template <class Cell>
class CellPlan final : public rondo_plan {
  using Real = typename Cell::Real;
  static constexpr bool can_have_between =
      requires(const Cell& cell, Real* row) { cell.forward_between(row, row, row); };

 public:
  explicit CellPlan(const rondo_plan_options& options)
      : rondo_plan(options), cell_(options.hidden_size, options.variant), wiring_(cell_.wiring()) {
    planes = Cell::planes;
    rows = wiring_.rows;
    for (int p = 0; p < planes; p++) plane_width[p] = cell_.plane_width(p);
    for (int i = 0; i < 2; i++) recurrent_[i].span = wiring_.recurrent[i];
    between_.span = wiring_.between;
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
   * A weight matrix as an operand B. It is packed by the first pass that needs it after a change, or by the second one
   * if the first has so few rows that it is better used where it lies.
   */
  struct Weights {
    int64_t k, n;
    Real* panels;
    enum { changed, used_in_place, packed } state = changed;
  };

  /* A span of weight_hh and its two ways of being multiplied. */
  struct SpanProduct {
    Span span;
    Weights forward, backward;
  };

  /* Of one pass, or of the cache between forward and backward. */
  struct CacheHeader {
    uint64_t mark;
    int64_t time_steps, batch_size, flags;
  };
  static constexpr uint64_t cache_is_full = 0x526f6e646f546170; /* "RondoTap" */

  struct Pass {
    const rondo_pass& given;
    Timeline time;
    Tape<Real> tape;
    Matrix<Real> weight_ih, weight_hh; /* [M, I], [M, P]; token-major weight_ih is read through `params` */
    const Real* bias;                  /* [R] */

    const Real* mask(int64_t t, int64_t b, int64_t P) const {
      return given.recurrent_mask ? (const Real*)given.recurrent_mask + t * given.mask_step + b * P : nullptr;
    }
    /* [span.count, P] */
    Matrix<Real> weights(const Span& span) const {
      return {weight_hh.data + span.from * weight_hh.row, weight_hh.row, weight_hh.column};
    }
  };

  // Memory.
  void lay_out(Pieces& pieces);
  Tape<Real> lay_out_cache(Pieces& pieces, int64_t T, int64_t B) const;
  Tape<Real> tape_of(int64_t B) const;

  // Both passes.
  template <class Body>
  void for_each_product(const Body& body);
  Pass open(const rondo_pass& pass);
  void pack(const Pass& x, Weights& weights, const Matrix<Real>& matrix);
  static void multiply_weights(const Product<Real>& x, const Weights& weights);
  const Real* operand_of(const Pass& x, int64_t t, int64_t begin, int64_t end);
  static void copy_rows(Real* to, const void* from, int64_t begin, int64_t end, int64_t width);

  // Forward.
  void multiply_input(const Pass& x, int64_t begin, int64_t end);
  void step(const Pass& x, int64_t t, int64_t begin, int64_t end);
  void step_between(const Pass& x, int64_t t, int64_t begin, int64_t end, const Real* operand);
  void finish_row(const Pass& x, int64_t t, int64_t b);

  // Backward.
  void step_back(const Pass& x, const rondo_gradients& gradients, int64_t t, int64_t begin, int64_t end);
  void step_between_back(const Pass& x, int64_t t, int64_t begin, int64_t end, Real* d_operand);
  void finish_row_back(const Pass& x, const rondo_gradients& gradients, int64_t t, int64_t b);
  void multiply_input_back(const Pass& x, const rondo_gradients& gradients, int64_t begin, int64_t end);
  void list_stepping_rows(const Timeline& time);
  void add_parameter_gradients(const Pass& x, Real* gradients, int64_t begin, int64_t end);

  const Cell cell_;
  const Wiring wiring_;
  void* memory_ = nullptr;
  Weights input_forward_, input_backward_;
  SpanProduct recurrent_[2], between_;
  Tape<Real> inference_tape_;
  int64_t inference_rows_;          /* of inference_tape_.pre */
  Real* operand_;                   /* [B, P] masked state */
  Real* d_operand_;                 /* [B, P] gradient of it */
  Real* d_between_;                 /* [B, P] gradient of the cache plane, if there is one */
  Real* d_state_[RONDO_MAX_PLANES]; /* [B, P_p] */
  Real* held_[RONDO_MAX_PLANES];    /* [B, P_p] gradients that pass by the held units */
  int32_t* stepping_;               /* [T * B] the (t, b) rows that take a step, where not all do */
  int64_t stepping_count_;
};

template <class Cell>
rondo_plan* make_plan(const rondo_plan_options& options) {
  return new CellPlan<Cell>(options);
}

template <template <class> class Cell>
constexpr CellFactory make_factory() {
  return {make_plan<Cell<float>>, make_plan<Cell<double>>, Cell<float>::variants};
}

// ----------------------------------------------------------------------------------------------------------- memory

/* A tape without memory. Rows keep to cache lines, and off multiples of a page, where they would evict one another. */
template <class Cell>
Tape<typename Cell::Real> CellPlan<Cell>::tape_of(int64_t B) const {
  constexpr int64_t line = 64 / sizeof(Real);
  Tape<Real> tape = {};
  tape.B = B;
  tape.pre_row = (rows + line - 1) / line * line;
  if (tape.pre_row * (int64_t)sizeof(Real) % 1024 == 0) tape.pre_row += line;
  for (int p = 0; p < planes; p++) tape.width[p] = plane_width[p];
  return tape;
}

template <class Cell>
void CellPlan<Cell>::lay_out(Pieces& pieces) {
  const int64_t T = options.time_steps, B = options.batch_size, I = options.input_size, P = plane_width[0];
  const auto make_room = [&](Weights& weights, int64_t k, int64_t n) {
    weights.k = k;
    weights.n = n;
    weights.panels = pieces.take<Real>(k, packed_size<Real>(1, n));
  };
  make_room(input_forward_, I, wiring_.weight_rows);
  make_room(input_backward_, wiring_.weight_rows, I);
  for_each_product([&](SpanProduct& product) {
    make_room(product.forward, P, product.span.count);
    make_room(product.backward, product.span.count, P);
  });

  // A chunk's pre-activations stay near the second-level cache, but are many enough rows to be a good product.
  Tape<Real>& tape = inference_tape_ = tape_of(B);
  const int64_t fitting = 256 * 1024 / (tape.pre_row * (int64_t)sizeof(Real));
  const int64_t steps = (fitting > 48 ? fitting : 48) / B;
  inference_rows_ = (steps < 1 ? 1 : steps < T ? steps : T) * B;
  tape.pre = pieces.take<Real>(inference_rows_, tape.pre_row);
  tape.slot_mask = 1;
  for (int p = 0; p < planes; p++) {
    tape.slots[p] = pieces.take<Real>(2 * B, plane_width[p]);
    d_state_[p] = pieces.take<Real>(B, plane_width[p]);
    held_[p] = pieces.take<Real>(B, plane_width[p]);
  }
  operand_ = pieces.take<Real>(B, P);
  d_operand_ = pieces.take<Real>(B, P);
  if (between_.span.count) {
    tape.between = pieces.take<Real>(B, P);
    d_between_ = pieces.take<Real>(B, P);
  }
  stepping_ = pieces.take<int32_t>(T, B);
}

template <class Cell>
Tape<typename Cell::Real> CellPlan<Cell>::lay_out_cache(Pieces& pieces, int64_t T, int64_t B) const {
  Tape<Real> tape = tape_of(B);
  pieces.take<CacheHeader>(1);
  tape.pre = pieces.take<Real>(T * B, tape.pre_row);
  tape.slot_mask = -1;
  for (int p = 0; p < planes; p++) tape.slots[p] = pieces.take<Real>((T + 1) * B, plane_width[p]);
  if (between_.span.count) tape.between = pieces.take<Real>(T * B, plane_width[0]);
  tape.between_steps_apart = B;
  return tape;
}

// ------------------------------------------------------------------------------------------------------ both passes

/* Calls body(product) for those of weight_hh. */
template <class Cell>
template <class Body>
void CellPlan<Cell>::for_each_product(const Body& body) {
  for (SpanProduct& product : recurrent_) {
    if (product.span.count) body(product);
  }
  if (between_.span.count) body(between_);
}

template <class Cell>
typename CellPlan<Cell>::Pass CellPlan<Cell>::open(const rondo_pass& pass) {
  const int64_t T = pass.time_steps, B = pass.batch_size, I = options.input_size, P = plane_width[0];
  const int64_t M = wiring_.weight_rows;
  const Timeline time = {T, B, (pass.flags & RONDO_REVERSED) != 0, pass.lengths, pass.hold, pass.hold_width};
  Pieces cache(pass.cache);
  Tape<Real> tape = pass.cache ? lay_out_cache(cache, T, B) : inference_tape_;
  tape.B = B;
  if (!(pass.flags & RONDO_PARAMS_UNCHANGED)) {
    input_forward_.state = input_backward_.state = Weights::changed;
    for_each_product([](SpanProduct& product) { product.forward.state = product.backward.state = Weights::changed; });
  }
  const Real* params = (const Real*)pass.params;
  return {pass, time, tape, {params, I, 1}, {params + M * I, P, 1}, params + M * (I + P)};
}

template <class Cell>
void CellPlan<Cell>::pack(const Pass& x, Weights& weights, const Matrix<Real>& matrix) {
  if (weights.state == Weights::packed) return;
  if (weights.state == Weights::changed && x.time.T * x.time.B <= few_rows) {
    weights.state = Weights::used_in_place;
    return;
  }
  const int64_t panels = panels_of<Real>(weights.n).pieces;
  in_shares(options.threads, panels, 4.0 * weights.k * weights.n, [&](int64_t begin, int64_t end) {
    pack_panels<Real>({matrix, weights.k, weights.n}, weights.panels, begin, end);
  });
  weights.state = Weights::packed;
}

/* x, whose B is the weights. */
template <class Cell>
void CellPlan<Cell>::multiply_weights(const Product<Real>& x, const Weights& weights) {
  weights.state == Weights::packed ? multiply_packed(x, weights.panels) : multiply(x);
}

/* [end - begin, P]: plane 0 of the state before step t, after its mask. */
template <class Cell>
const typename Cell::Real* CellPlan<Cell>::operand_of(const Pass& x, int64_t t, int64_t begin, int64_t end) {
  const int64_t P = plane_width[0];
  const Real* state = x.tape.state(0, x.time.old_slot(t), begin);
  const Real* mask = x.mask(t, begin, P);
  if (!mask) return state;
  multiply_row(operand_ + begin * P, mask, state, (end - begin) * P);
  return operand_ + begin * P;
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
