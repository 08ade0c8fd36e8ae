/*
 * The passes over a sequence, written once for every cell: products, time loop, lengths, hold, recurrent mask,
 * direction, strides, threads and parameter gradients.
 *
 * Legend: T time steps, B batch rows, I input width, H hidden units, R pre-activation rows, P_p width of state plane p,
 * and P = P_0, which is what the recurrent product takes and the output shows.
 *
 * A cell is an object made of the plan's options, with its element type `Real`, its number of `planes`, its number of
 * `variants` (or accepts(options), where that is not all that matters), its wiring(), plane_width(p) and the pointwise
 * part of some units of one batch row:
 *   forward(units, pre, old, now)             pre [R]: pre-activations in, what backward needs out; old, now: planes
 *   backward(units, pre, old, now, d_state)   pre [R]: what forward left in, gradients of the pre-activations out;
 *                                             d_state: gradients of the new planes in, direct parts of the old's out
 * A cell with parameters of its pointwise part takes these as a last argument, values [V] and, backward, their
 * gradients, to be added to, which each batch row has for itself until the pass is through.
 * and, if its wiring has a second product, what lies between the two; operand is plane 0 of the old state, masked:
 *   forward_between(units, pre, operand, cache)   pre: after the first product; cache [P]: the second's operand
 *   backward_between(units, pre, operand, d_cache, d_operand)   pre: what backward left in, gradients in all rows
 *                                                 out; d_operand: added to
 * A cell whose second product has weights of its own (outputs in its wiring) makes a cache plane of H units, and has
 *   backward_between(units, pre, cache, d_cache)   d_cache may be written over
 * A cell whose recurrent product takes more than plane 0, or another plane, gathers what it takes in a row [K]:
 *   gather(old, mask, operand)               mask: of plane 0, or null
 *   scatter(d_operand, mask, d_state)        d_state: of the old planes, added to
 * Threads may share a step by units: so pre-activations come in blocks of H rows, all planes have H units, and no unit
 * sees what others make of the step; unless its wiring says that it wants all units of a row together.
 * A cell with a projection leaves H numbers in the place of plane 0, and gets their gradient; the plane is their
 * product, of P numbers, and it wants all units together, too.
 * It hears nothing of lengths, hold or masks: a row that takes no step is never shown to it, and of a row that is held
 * in part, the held units are put back afterwards (backward: their gradients are taken out before, as these are linear
 * in them, and put back afterwards).
 *
 * Training keeps pre-activations and states of all steps in the cache; inference has two slots of state and a chunk of
 * pre-activations, or one step of them, in the plan. Both passes go through time in chunks, so that what one product
 * leaves is still near when the next one needs it.
 *
 * A cell that says `has_groups` has groups of units with a clock each, which the plan's options name: what differs for
 * it is in groups.h.
 *
 * A cell that says `can_be_sparse` may be given connections of its units in the plan's options: then its wiring has no
 * recurrent product, and what takes its place is in reservoir.h.
 *
 * The stages so far: a recurrent product, which may feed other rows than the input's, a second one on the cache plane,
 * by rows of the same weights or by weights of its own, and a projection of what the pointwise part makes; a recurrent
 * product by sparse weights; or, where no product takes the state and units see their own past alone, a scan over time
 * in place of the loop of steps (scan.h). A cell that needs others says so in its wiring and gets its stage in `step`
 * and `step_back`, where it serves all cells of that kind.
 */
#ifndef RONDO_PASS_H
#define RONDO_PASS_H

#include "gemm.h"
#include "plan.h"
#include "shares.h"
#include "sparse.h"
#include "tape.h"

namespace rondo::RONDO_TIER {

/* How many rows (t, b) the gradients of sparse weights take at once: those of all units stay near. */
constexpr int64_t sparse_depth = 64;

/* Up to so many inputs are multiplied where the step with sparse weights sums its states. */
constexpr int64_t few_inputs = 8;

/* Threads spin from one step to the next. */
constexpr double worth_a_sparse_share = 1e5;

/*
 * Rows of weight_hh, or of weight_hr where the second product has weights of its own, from `from` on, and the
 * pre-activation rows that they feed, from `row` on. `count` is a multiple of H, but of weight_hr; 0 if there are none.
 */
struct Span {
  int64_t from, row, count;
};

/* Which weights feed which pre-activation rows. weight_ih feeds the first M, and the bias all from bias_row on. */
struct Wiring {
  int64_t rows;         /* R */
  int64_t weight_rows;  /* M, of both matrices */
  Span recurrent[2];    /* multiplied with the state */
  Span between[2] = {}; /* multiplied with the cache plane, in a second product */
  int64_t bias_row = 0;
  int64_t pointwise = 0;   /* V, parameters of the pointwise part */
  int64_t projection = 0;  /* P of a projection, 0 without */
  int64_t operand = 0;     /* K of a cell that gathers what weight_hh multiplies */
  int64_t outputs = 0;     /* O rows behind the first M that weight_hr [O, H] feeds, multiplied with the cache plane */
  bool whole_rows = false; /* whether the pointwise part wants all units of a row together */
};

/* Parameters of the pointwise part, as forward and backward see them: V each. */
template <class Real>
struct Pointwise {
  const Real* values;
  Real* gradients; /* of one batch row; null forward */
};

template <class Cell>
class CellPlan final : public rondo_plan {
  using Real = typename Cell::Real;
  static constexpr bool can_have_between =
      requires(const Cell& cell, Real* row) { cell.forward_between(Range{}, row, row, row); };
  static constexpr bool has_groups = requires { Cell::has_groups; };
  static constexpr bool can_be_sparse = requires { Cell::can_be_sparse; };
  static constexpr bool gathers = requires(const Cell& cell, Real* row) { cell.gather(nullptr, row, row); };
  static constexpr bool can_have_outputs =
      requires(const Cell& cell, Real* row) { cell.backward_between(Range{}, row, row, row); };
  static constexpr bool is_linear = requires(const Cell& cell, Real* row) { cell.coefficients(0, row, Whole{}); };
  static constexpr bool is_diagonal = requires(const Cell& cell) { cell.activate(Vector<Real>{}); };
  static constexpr bool is_scan = is_linear || is_diagonal;
  static constexpr bool can_have_pointwise = requires(const Cell& cell, Real* row, Real** planes) {
    cell.forward(Range{}, row, planes, planes, Pointwise<Real>{});
  };

 public:
  explicit CellPlan(const rondo_plan_options& options)
      : rondo_plan(options), cell_(options), wiring_(cell_.wiring()) {
    if constexpr (requires { cell_.plane_count(); }) {
      planes = cell_.plane_count();
    } else {
      planes = Cell::planes;
    }
    rows = wiring_.rows;
    holds_units = wiring_.projection == 0 && wiring_.outputs == 0;
    for (int p = 0; p < planes; p++) plane_width[p] = cell_.plane_width(p);
    recurrent_.spans = wiring_.recurrent;
    recurrent_.width = operand_width();
    recurrent_.units = options.hidden_size;
    between_.spans = wiring_.between;
    between_.width = wiring_.outputs ? options.hidden_size : plane_width[0];
    between_.units = wiring_.outputs ? wiring_.outputs : options.hidden_size;
    between_.by_weight_hr = wiring_.outputs > 0;
  }
  ~CellPlan() override {
    free_memory(memory_);
    free_memory(connected_);
  }

  bool allocate() override {
    Pieces count(nullptr);
    lay_out(count);
    if (count.used() < 0 || !(memory_ = allocate_memory((size_t)count.used()))) return false;
    Pieces pieces(memory_);
    lay_out(pieces);
    if constexpr (can_be_sparse) {
      if (is_sparse() && !connect()) return false;
    }
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
    int64_t k;
    Columns columns;
    Real* panels;
    enum { changed, used_in_place, packed } state = changed;

    int64_t groups() const { return groups_of<Real>(columns).pieces; }
  };

  /* The spans of weights that multiply the same operand: forward together, backward one after the other. */
  struct SpanProducts {
    const Span* spans; /* [2] */
    int64_t width, units; /* of the operand; rows of a gate: spans have whole ones */
    bool by_weight_hr = false; /* else by weight_hh */
    Weights forward, backward[2];

    bool any() const { return spans[0].count > 0; }
    int count() const { return (spans[0].count > 0) + (spans[1].count > 0); }
  };

  /* Units with a clock, and the weights that feed them. */
  struct Group {
    Range units;
    int64_t period, at; /* `at`: where in weight_hh its weights begin, [units, H - units.begin] */
    Weights input_forward, input_backward, forward, backward;

    int64_t size() const { return units.end - units.begin; }
  };

  /* Of one pass, or of the cache between forward and backward. */
  struct CacheHeader {
    uint64_t mark;
    int64_t time_steps, batch_size, flags, time_origin;
  };
  static constexpr uint64_t cache_is_full = 0x526f6e646f546170; /* "RondoTap" */

  struct Pass {
    const rondo_pass& given;
    Timeline time;
    Tape<Real> tape;
    Matrix<Real> weight_ih, weight_hh; /* [M, I], [M, P]; token-major weight_ih is read through `params` */
    const Real* bias;                  /* [R] */
    const Real* pointwise;             /* [V] */
    Matrix<Real> weight_hr;            /* [P, H] of a projection, [O, H] of outputs */
    bool input_in_step = false;        /* the input's product is summed with that of the step */

    const Real* mask(int64_t t, int64_t b, int64_t P) const {
      return given.recurrent_mask ? (const Real*)given.recurrent_mask + t * given.mask_step + b * P : nullptr;
    }
    const Matrix<Real>& weights(const SpanProducts& products) const {
      return products.by_weight_hr ? weight_hr : weight_hh;
    }
    /* [span.count, products.width] */
    Matrix<Real> weights(const SpanProducts& products, const Span& span) const {
      return weights(products).rows_from(span.from);
    }
    /* [group, H - units.begin] */
    Matrix<Real> weights(const Group& group) const {
      return {weight_hh.data + group.at, weight_hh.row - group.units.begin, 1};
    }
    bool moves(const Group& group, int64_t t) const { return (given.time_origin + t) % group.period == 0; }
  };

  // Memory.
  static int64_t padded_row(int64_t columns);
  static void make_room(Pieces& pieces, Weights& weights, int64_t k, const Columns& columns);
  void lay_out(Pieces& pieces);
  void lay_out_weights(Pieces& pieces);
  Tape<Real> lay_out_cache(Pieces& pieces, int64_t T, int64_t B) const;
  Tape<Real> tape_of(int64_t B) const;

  /* What the threads share a step by: rows of the batch, or units. */
  enum class Shared { batch, units };

  // Both passes.
  Pass open(const rondo_pass& pass);
  void pack(const Pass& x, Weights& weights, const Matrix<Real>& matrix);
  void pack_forward(const Pass& x, SpanProducts& products);
  void pack_forward(Pass& x);
  void pack_backward(const Pass& x, SpanProducts& products);
  /* Columns of weight_hh: P, 1 where each unit is multiplied with itself, or none. */
  int64_t state_columns() const { return is_diagonal ? 1 : operand_width(); }
  /* Width of what the products of the state multiply: P, or what is gathered, or 0 if there is none. */
  int64_t operand_width() const { return is_scan || is_sparse() ? 0 : gathers ? wiring_.operand : plane_width[0]; }
  bool is_sparse() const { return options.connections > 0; }
  Shared shared(int64_t B) const;
  bool in_parts() const { return !wiring_.whole_rows && wiring_.projection == 0; }
  Range part_of(int p, Range units) const { return in_parts() ? units : Range{0, plane_width[p]}; }
  bool input_fits_step() const;
  template <class After>
  void multiply_weights(const Product<Real>& x, const Weights& weights, Shared shared, const After& after,
                        const Addend<Real>& addend = {});
  const Real* operand_of(const Pass& x, int64_t t, Range batch);
  const Real* gather(const Pass& x, int64_t t, Range batch);
  void scatter(const Pass& x, int64_t t, Range batch);
  static void copy_rows(Real* to, const void* from, Range batch, int64_t width);

  // Forward.
  void multiply_input(const Pass& x, Range range);
  void loop(const Pass& x, Range steps, Shared shared);
  void step(const Pass& x, int64_t t, Range batch, Shared shared);
  void step_between(const Pass& x, int64_t t, Range batch, const Real* operand);
  template <class After>
  void multiply_step(const Pass& x, int64_t t, Range batch, const Real* operand, const SpanProducts& products,
                     Shared shared, const After& after);
  void finish_row(const Pass& x, int64_t t, int64_t b, Range units);
  void finish_step(const Pass& x, int64_t t, Range batch, Range units, Shared shared);
  void step_row(const Pass& x, int64_t t, int64_t b, Range units);
  void project(const Pass& x, int64_t t, Range batch, Shared shared);
  void show_row(const Pass& x, int64_t t, int64_t b, Range units, bool moves = true);

  // Backward.
  void loop_back(const Pass& x, const rondo_gradients& gradients, Range steps, Shared shared);
  void step_back(const Pass& x, const rondo_gradients& gradients, int64_t i, Range batch, Shared shared);
  void step_between_back(const Pass& x, int64_t t, Range batch, Real* d_operand, Shared shared);
  void finish_step_back(const Pass& x, const rondo_gradients& gradients, int64_t t, Range batch, Range units,
                        Shared shared);
  void add_output_gradient(const Pass& x, const rondo_gradients& gradients, int64_t t, int64_t b, Range units);
  void project_back(const Pass& x, int64_t t, Range batch, Shared shared);
  void finish_row_back(const Pass& x, int64_t t, int64_t b, Range units);
  void finish_chunk_back(const Pass& x, const rondo_gradients& gradients, Range steps);
  void mask_states(const Pass& x, Range steps);
  void multiply_input_back(const Pass& x, const rondo_gradients& gradients, Range range);
  void list_stepping_rows(const Timeline& time, Range range);
  void add_parameter_gradients(const Pass& x, Real* gradients, Range range, Range rows);
  void add_turned_gradients(const Pass& x, Real* gradients);
  void add_pointwise_gradients(const Pass& x, Real* gradients);
  void add_weight_hr_gradients(const Pass& x, Real* gradients, const Matrix<Real>& d_made, const Matrix<Real>& source);
  bool turns_gradients(const Timeline& time) const { return !has_groups && time.T * time.B >= 64; }

  // Of sparse weights.
  bool connect();
  void pack_sparse(const Pass& x, SparseMatrix<Real>& matrix, bool& packed);
  template <class After>
  void multiply_sparse(const SparseMatrix<Real>& matrix, const Real* weights, Range batch, const Real* x, int64_t x_row,
                       Real* y, int64_t y_row, Shared shared, const After& after);
  void step_sparse(const Pass& x, int64_t t, Range batch, const Real* operand, Shared shared);
  void step_sparse_row(const Pass& x, int64_t t, int64_t b, Range windows, const Real* operand);
  /* A connection takes about as long as 16 operations of a dense product. */
  double sparse_operations(int64_t streams) const { return 16.0 * (double)streams * (double)options.connections; }
  bool steps_by_streams(const Pass& x) const;
  void loop_by_streams(const Pass& x, Shared shared);
  void step_by_streams(const Pass& x, int64_t t, Range batch, Range units, const Vector<Real>* input, const Real* old,
                       Real* now);
  static void turn_back(const Real* streams, Range units, Real* to, int64_t to_row, int64_t count);
  void add_sparse_gradients(const Pass& x, Real* gradients, Range range);
  static int64_t transpose_rows(Real* to, int64_t to_row, const Real* from, int64_t row, const int32_t* list,
                                Range range, Range units);

  // Of cells with groups.
  void lay_out_groups(Pieces& pieces);
  void pack_groups_forward(const Pass& x);
  void pack_groups_back(const Pass& x, const rondo_gradients& gradients);
  template <class Body>
  void for_each_run(const Pass& x, int64_t t, Range units, const Body& body) const;
  void step_groups(const Pass& x, int64_t t, Range batch, Shared shared);
  void step_group(const Pass& x, int64_t t, Range batch, const Real* operand, const Group& group, Shared shared);
  template <class After>
  void multiply_groups_back(const Pass& x, int64_t t, Range batch, Real* d_operand, Shared shared, const After& after);
  void multiply_group_inputs_back(const Pass& x, const rondo_gradients& gradients, Range steps);
  void add_group_gradients(const Pass& x, Real* gradients, Range range);
  void add_weights(const Pass& x, int64_t t, const Group& group, const Matrix<Real>& source, Range columns, Real* d,
                   int64_t width);
  void clear_resting_rows(const Pass& x, const rondo_gradients& gradients);

  // The scan of both passes.
  template <class Scan>
  void share_scan(const Pass& x, Range steps, const Scan& scan);
  void scan(const Pass& x, Range steps);
  template <class Extent>
  void scan_units(const Pass& x, Range steps, int64_t b, int64_t j, Extent extent);
  template <class Extent>
  Vector<Real> scan_step(const Pass& x, int64_t t, int64_t b, int64_t j, Vector<Real> old, Extent extent);
  void scan_back(const Pass& x, const rondo_gradients& gradients, Range steps);
  template <class Extent>
  void scan_units_back(const Pass& x, const rondo_gradients& gradients, Range steps, int64_t b, int64_t j,
                       Extent extent);
  template <class Extent>
  Vector<Real> scan_step_back(const Pass& x, int64_t t, int64_t b, int64_t j, Vector<Real> d, Extent extent);
  template <class Extent>
  Vector<Real> mask_at(const Pass& x, int64_t t, int64_t b, int64_t j, Extent extent);
  void add_diagonal_gradients(const Pass& x, Real* gradients);

  const Cell cell_;
  const Wiring wiring_;
  void* memory_ = nullptr;
  int64_t recurrent_weights_ = 0; /* elements of weight_hh */
  Group* groups_ = nullptr;       /* [options.groups] */
  Weights input_forward_, input_backward_, projection_forward_, projection_backward_;
  SpanProducts recurrent_, between_;
  SpanProducts* const products_[2] = {&recurrent_, &between_};
  Tape<Real> inference_tape_;
  int64_t chunk_rows_;              /* of (t, b), about: the forward pass's chunk of time, and inference_tape_.pre */
  Real* operand_;                   /* [B, P] masked state */
  Real* d_operand_;                 /* [B, P] gradient of it, or of what is gathered [B, K] */
  Real* d_between_;                 /* [B, W] gradient of the cache plane, if there is one */
  Real* d_unprojected_;             /* [B, H] gradient of what the projection takes, if there is one */
  Real* bias_;                      /* [R] with zeroes for rows without a bias, if there are such */
  Real* d_state_[RONDO_MAX_PLANES]; /* [B, P_p] */
  Real* held_[RONDO_MAX_PLANES];    /* [B, P_p] gradients that pass by the held units */
  Real* d_pointwise_;               /* [B, V] gradients of the parameters of the pointwise part */
  int32_t* stepping_;               /* [T * B] a chunk's (t, b) rows that take a step, where not all do */
  int64_t stepping_count_;
  Real* d_diagonal_;                /* [B, M] gradient of a weight_hh of one column, of each batch row */
  Real* turned_;                    /* [K, M], [I, M], rows turned_row_ apart: gradients of the weights, transposed;
                                       the first only where products take the state */
  int64_t turned_row_;

  // Of sparse weights: which are there, and as the products want them.
  void* connected_ = nullptr;
  Connections connections_;          /* as the parameters lie */
  SparseMatrix<Real> sparse_forward_, sparse_backward_;
  bool sparse_forward_packed_ = false, sparse_backward_packed_ = false;
  Real* streams_;                      /* [4 B, H] the operand of a step, or the states of two, transposed */
  Real* input_by_rows_;                /* [I, H] weight_ih transposed, where there are few inputs */
  Real *pre_by_rows_, *state_by_rows_; /* [H, sparse_depth] some rows (t, b) of each, transposed */
};

template <class Cell>
rondo_plan* make_plan(const rondo_plan_options& options) {
  return new CellPlan<Cell>(options);
}

template <class Cell>
bool accepts(const rondo_plan_options& options) {
  if constexpr (requires { Cell::accepts(options); }) {
    return Cell::accepts(options);
  } else {
    return 0 <= options.variant && options.variant < Cell::variants && options.setting_count == 0;
  }
}

template <template <class> class Cell>
constexpr CellFactory make_factory() {
  return {make_plan<Cell<float>>, make_plan<Cell<double>>, accepts<Cell<float>>,
          requires { Cell<float>::has_groups; }, requires { Cell<float>::can_be_sparse; }};
}

// ----------------------------------------------------------------------------------------------------------- memory

/* Between rows that keep to cache lines, and off multiples of a page, where they would evict one another. */
template <class Cell>
int64_t CellPlan<Cell>::padded_row(int64_t columns) {
  constexpr int64_t line = 64 / sizeof(Real);
  const int64_t row = (columns + line - 1) / line * line;
  return row * (int64_t)sizeof(Real) % 1024 == 0 ? row + line : row;
}

/* A tape without memory. */
template <class Cell>
Tape<typename Cell::Real> CellPlan<Cell>::tape_of(int64_t B) const {
  Tape<Real> tape = {};
  tape.B = B;
  tape.pre_row = padded_row(rows);
  for (int p = 0; p < planes; p++) tape.width[p] = plane_width[p];
  tape.unprojected_width = options.hidden_size;
  tape.between_width = between_.width;
  tape.operand_width = wiring_.operand;
  return tape;
}

template <class Cell>
void CellPlan<Cell>::make_room(Pieces& pieces, Weights& weights, int64_t k, const Columns& columns) {
  weights.k = k;
  weights.columns = columns;
  weights.panels = pieces.take<Real>(k, packed_size<Real>(1, columns));
}

template <class Cell>
void CellPlan<Cell>::lay_out_weights(Pieces& pieces) {
  const int64_t I = options.input_size;
  // Where this cannot be counted, what is laid out below cannot either, and the plan is refused.
  if (__builtin_mul_overflow(wiring_.weight_rows, state_columns(), &recurrent_weights_)) recurrent_weights_ = 0;
  if (is_sparse()) recurrent_weights_ = options.connections;
  make_room(pieces, input_backward_, wiring_.weight_rows, Columns::plain(I));
  for (SpanProducts* products : products_) {
    Columns gates = {0, products->units};
    for (int i = 0; i < products->count(); i++) {
      const Span& span = products->spans[i];
      make_room(pieces, products->backward[i], span.count, Columns::plain(products->width));
      for (int64_t row = 0; row < span.count; row += gates.units) {
        gates.from[gates.blocks] = span.from + row;
        gates.to[gates.blocks++] = span.row + row;
      }
    }
    if (products->any()) make_room(pieces, products->forward, products->width, gates);
  }
  const Columns all = Columns::plain(wiring_.weight_rows);
  make_room(pieces, input_forward_, I, input_fits_step() ? recurrent_.forward.columns : all);
}

template <class Cell>
void CellPlan<Cell>::lay_out(Pieces& pieces) {
  const int64_t T = options.time_steps, B = options.batch_size, I = options.input_size, P = plane_width[0];
  if constexpr (has_groups) {
    lay_out_groups(pieces);
  } else {
    lay_out_weights(pieces);
  }
  if (wiring_.projection) {
    make_room(pieces, projection_forward_, options.hidden_size, Columns::plain(P));
    make_room(pieces, projection_backward_, P, Columns::plain(options.hidden_size));
  }

  // A chunk's pre-activations stay near the second-level cache, but are many enough rows to be a good product: more
  // where the weights come from beyond that cache.
  Tape<Real>& tape = inference_tape_ = tape_of(B);
  const int64_t fitting = 256 * 1024 / (tape.pre_row * (int64_t)sizeof(Real));
  const double weights = (double)I * (double)wiring_.weight_rows * sizeof(Real);
  const int64_t least = weights > 512 * 1024 ? 512 : 48;
  const int64_t steps = (fitting > least ? fitting : least) / B;
  chunk_rows_ = (steps < 1 ? 1 : steps < T ? steps : T) * B;
  tape.pre = pieces.take<Real>(chunk_rows_, tape.pre_row);
  tape.slot_mask = 1;
  for (int p = 0; p < planes; p++) {
    tape.slots[p] = pieces.take<Real>(2 * B, plane_width[p]);
    d_state_[p] = pieces.take<Real>(B, plane_width[p]);
    held_[p] = pieces.take<Real>(B, plane_width[p]);
  }
  operand_ = pieces.take<Real>(B, P);
  d_operand_ = pieces.take<Real>(B, gathers ? wiring_.operand : P);
  if (gathers) tape.operand = pieces.take<Real>(B, wiring_.operand);
  d_pointwise_ = pieces.take<Real>(B, wiring_.pointwise);
  if (between_.any()) {
    tape.between = pieces.take<Real>(B, between_.width);
    d_between_ = pieces.take<Real>(B, between_.width);
  }
  if (wiring_.projection) {
    tape.unprojected = pieces.take<Real>(B, options.hidden_size);
    d_unprojected_ = pieces.take<Real>(B, options.hidden_size);
  }
  if (wiring_.bias_row) bias_ = pieces.take<Real>(rows);
  stepping_ = pieces.take<int32_t>(T, B);
  turned_row_ = padded_row(wiring_.weight_rows);
  turned_ = pieces.take<Real>(has_groups ? 0 : operand_width() + I, turned_row_);
  if (is_diagonal) d_diagonal_ = pieces.take<Real>(B, wiring_.weight_rows);
  if (is_sparse()) {
    pre_by_rows_ = pieces.take<Real>(rows, sparse_depth);
    state_by_rows_ = pieces.take<Real>(P, sparse_depth);
    streams_ = pieces.take<Real>(4 * B, P);
    input_by_rows_ = pieces.take<Real>(I <= few_inputs ? I : 0, P);
  }
}

template <class Cell>
Tape<typename Cell::Real> CellPlan<Cell>::lay_out_cache(Pieces& pieces, int64_t T, int64_t B) const {
  Tape<Real> tape = tape_of(B);
  pieces.take<CacheHeader>(1);
  tape.pre = pieces.take<Real>(T * B, tape.pre_row);
  tape.slot_mask = -1;
  for (int p = 0; p < planes; p++) tape.slots[p] = pieces.take<Real>((T + 1) * B, plane_width[p]);
  if (between_.any()) tape.between = pieces.take<Real>(T * B, between_.width);
  if (gathers) tape.operand = pieces.take<Real>(T * B, wiring_.operand);
  if (wiring_.projection) {
    tape.unprojected = pieces.take<Real>(T * B, options.hidden_size);
    tape.d_projected = pieces.take<Real>(T * B, plane_width[0]);
  }
  tape.steps_apart = B;
  return tape;
}

// ------------------------------------------------------------------------------------------------------ both passes

template <class Cell>
typename CellPlan<Cell>::Pass CellPlan<Cell>::open(const rondo_pass& pass) {
  const int64_t T = pass.time_steps, B = pass.batch_size, I = options.input_size, C = state_columns();
  const int64_t M = wiring_.weight_rows;
  const Timeline time = {T, B, (pass.flags & RONDO_REVERSED) != 0, pass.lengths, pass.hold, pass.hold_width};
  Pieces cache(pass.cache);
  Tape<Real> tape = pass.cache ? lay_out_cache(cache, T, B) : inference_tape_;
  tape.B = tape.pre_steps_apart = B;
  if (!(pass.flags & RONDO_PARAMS_UNCHANGED)) {
    input_forward_.state = input_backward_.state = Weights::changed;
    projection_forward_.state = projection_backward_.state = Weights::changed;
    for (SpanProducts* products : products_) {
      products->forward.state = products->backward[0].state = products->backward[1].state = Weights::changed;
    }
    sparse_forward_packed_ = sparse_backward_packed_ = false;
    for (int64_t g = 0; g < options.groups; g++) {
      Group& group = groups_[g];
      group.input_forward.state = group.input_backward.state = Weights::changed;
      group.forward.state = group.backward.state = Weights::changed;
    }
  }
  const Real* params = (const Real*)pass.params;
  const Real* bias = params + M * I + recurrent_weights_;
  const Real* pointwise = bias + rows - wiring_.bias_row;
  if (wiring_.bias_row) {
    memset(bias_, 0, (size_t)wiring_.bias_row * sizeof(Real));
    copy_row(bias_ + wiring_.bias_row, bias, rows - wiring_.bias_row);
    bias = bias_;
  }
  const Matrix<Real> weight_hr = {pointwise + wiring_.pointwise, options.hidden_size, 1};
  return {pass, time, tape, {params, I, 1}, {params + M * I, C, 1}, bias, pointwise, weight_hr};
}

template <class Cell>
void CellPlan<Cell>::pack(const Pass& x, Weights& weights, const Matrix<Real>& matrix) {
  if (weights.state == Weights::packed) return;
  if (weights.state == Weights::changed && x.time.T * x.time.B <= few_rows) {
    weights.state = Weights::used_in_place;
    return;
  }
  const double operations = 4.0 * weights.k * weights.columns.blocks * weights.columns.units;
  in_shares(options.threads, weights.groups(), operations, [&](int64_t begin, int64_t end) {
    pack_panels<Real>({matrix, weights.k}, weights.columns, weights.panels, {begin, end});
  });
  weights.state = Weights::packed;
}

template <class Cell>
void CellPlan<Cell>::pack_forward(const Pass& x, SpanProducts& products) {
  if (products.any()) pack(x, products.forward, x.weights(products).transposed());
}

template <class Cell>
void CellPlan<Cell>::pack_backward(const Pass& x, SpanProducts& products) {
  for (int i = 0; i < products.count(); i++) pack(x, products.backward[i], x.weights(products, products.spans[i]));
}

/*
 * Threads that share the batch need not wait for each other at every step; but each reads all recurrent weights (of
 * groups, those of the fastest at every step), which should be few enough for its second-level cache, and needs rows
 * enough to fill tiles.
 */
template <class Cell>
typename CellPlan<Cell>::Shared CellPlan<Cell>::shared(int64_t B) const {
  const int64_t weight_rows = has_groups ? groups_[0].size() : wiring_.weight_rows;
  const int64_t columns = gathers ? wiring_.operand : plane_width[0];
  const int64_t weights = is_sparse() ? options.connections : weight_rows * columns;
  const int64_t bytes = weights * (int64_t)sizeof(Real);
  const bool by_units = options.threads > 1 && (B < 2 * tile_rows * options.threads || bytes > 1024 * 1024);
  return by_units ? Shared::units : Shared::batch;
}

/*
 * Whether the input's product can be summed with that of the step, so that its sums do not leave the registers before
 * they are whole: both feed the same rows, and their weights stay in the second-level cache for all steps.
 */
template <class Cell>
bool CellPlan<Cell>::input_fits_step() const {
  const bool alike = recurrent_.count() == 1 && recurrent_.spans[0].count == rows && wiring_.weight_rows == rows;
  const double bytes = (double)rows * (double)(options.input_size + plane_width[0]) * sizeof(Real);
  return alike && !between_.any() && options.input_size <= block_depth && bytes <= 512 * 1024;
}

/* x, whose B is weights; after(units) hears which of them have their sums. */
template <class Cell>
template <class After>
void CellPlan<Cell>::multiply_weights(const Product<Real>& x, const Weights& weights, Shared shared,
                                      const After& after, const Addend<Real>& addend) {
  if (weights.state != Weights::packed) {
    multiply(x);
    return after(Range{0, weights.columns.units});
  }
  // A step waits for all of its shares, but these are at hand: the threads spin from one step to the next.
  constexpr double worth_a_share = 1e5;
  const int64_t threads = shared == Shared::units ? options.threads : 1;
  const double operations = 2.0 * x.m * (x.k + addend.k) * weights.columns.blocks * weights.columns.units;
  const auto share = [&](int64_t begin, int64_t end) {
    multiply_packed(x, weights.panels, weights.columns, {begin, end}, addend);
    after(units_of<Real>(weights.columns, {begin, end}));
  };
  in_shares(threads, weights.groups(), operations, share, worth_a_share);
}

/* Plane 0 of the state before step t, after its mask, or what is gathered; from the first of the batch rows on. */
template <class Cell>
const typename Cell::Real* CellPlan<Cell>::operand_of(const Pass& x, int64_t t, Range batch) {
  if constexpr (gathers) return gather(x, t, batch);
  const int64_t P = plane_width[0];
  const Real* state = x.tape.state(0, x.time.old_slot(t), batch.begin);
  const Real* mask = x.mask(t, batch.begin, P);
  if (!mask) return state;
  Real* operand = operand_ + batch.begin * P;
  multiply_row(operand, mask, state, (batch.end - batch.begin) * P);
  return operand;
}

/* Copies some batch rows of a state plane; an absent one is zero. */
template <class Cell>
void CellPlan<Cell>::copy_rows(Real* to, const void* from, Range batch, int64_t width) {
  const size_t bytes = (size_t)((batch.end - batch.begin) * width) * sizeof(Real);
  Real* first = to + batch.begin * width;
  from ? memcpy(first, (const Real*)from + batch.begin * width, bytes) : memset(first, 0, bytes);
}

}  // namespace rondo::RONDO_TIER

#include "forward.h"
#include "backward.h"
#include "groups.h"
#include "scan.h"
#include "operand.h"
#include "projection.h"
#include "reservoir.h"

#endif
