/*
 * LSTM. Per unit, with the gates i f g o (rows of the weights in this order) and logistic s:
 *
 *   i = s(.)  f = s(.)  g = tanh(.)  o = s(.)     where (.) = W_ih x + W_hh h + b
 *   c' = f c + i g
 *   h' = o tanh(c')
 *
 * Options: peepholes, p_i c in i, p_f c in f, p_o c' in o; coupled gates, f = 1 - i, with the rows i g o; (.) and c'
 * clipped; a projection of h', which is the common stages' business; layer norm N, over the rows of all gates and over
 * c':
 *
 *   (.) = gain N(W_ih x) + gain N(W_hh h) + b     h' = o tanh(a_c), a_c = gain N(c') + b_c
 *
 * State planes: h, c. Pre-activation rows: 4H, or 3H, which both products feed; with layer norm those of W_ih x, of
 * W_hh h, of (.) and, H, of a_c, which start with the biases.
 * Parameters of the pointwise part: p_i p_f p_o, those there are; the gains of W_ih x, W_hh h and c'.
 * Cached: the activations, which backward overwrites with the gradients of the pre-activations; h and c of every
 * step; with layer norm W_ih x, W_hh h and a_c. tanh(c') is computed again rather than stored, with layer norm c' too,
 * and what was clipped is seen from its value.
 *
 * Backward, from dh' and dc' (which become the direct parts of dh and dc), with a the (.) of a gate:
 *
 *   da_o = dh' tanh(c') o (1 - o)        dc = dc' + dh' o (1 - tanh(c')^2) + da_o p_o
 *   da_i = dc g i (1 - i)   da_f = dc c f (1 - f)   da_g = dc i (1 - g^2)
 *   coupled: da_i = dc (g - c) i (1 - i)
 *   dc' <- dc f + da_i p_i + da_f p_f    dh' <- 0             (h enters through the product alone)
 *   dp_i += da_i c   dp_f += da_f c   dp_o += da_o c'
 */
#include "activations.h"
#include "layer_norm.h"
#include "../pass.h"

namespace rondo::RONDO_TIER {
namespace {

/* The bits of a variant. */
enum LstmOption : int64_t {
  peephole_i = 1,
  peephole_f = 2,
  peephole_o = 4,
  coupled = 8,
  clipped = 16,
  cell_clipped = 32,
  projected = 64,
  normalized = 128,
  lstm_variants = 256
};

/* The options of a cell; of the plain one a constant, so that it does not pay for what others do. */
struct LstmOptions {
  int64_t variant;
  constexpr bool has(LstmOption option) const { return (variant & option) != 0; }
};
struct NoLstmOptions {
  constexpr bool has(LstmOption) const { return false; }
};

template <class Element>
struct Lstm {
  using Real = Element;
  static constexpr int planes = 2;
  int64_t H;
  LstmOptions options;
  Real clip, cell_clip, epsilon;
  int64_t projection; /* P, or 0 */
  Real sigmoid_low, sigmoid_high, tanh_high; /* of activations at the clip; what is beyond was clipped */

  explicit Lstm(const rondo_plan_options& plan)
      : H(plan.hidden_size),
        options{plan.variant},
        clip((Real)plan.settings[0]),
        cell_clip((Real)plan.settings[1]),
        epsilon((Real)plan.settings[3]),
        projection((int64_t)plan.settings[2]) {
    // The compiler is free to fuse operations here and not there.
    constexpr Real margin = 4 * (sizeof(Real) == 4 ? 0x1p-23 : 0x1p-52);
    sigmoid_low = sigmoid<Real>(broadcast(-clip))[0] * (1 + margin);
    sigmoid_high = sigmoid<Real>(broadcast(clip))[0] * (1 - margin);
    tanh_high = tanh<Real>(broadcast(clip))[0] * (1 - margin);
  }
  static bool accepts(const rondo_plan_options& plan) {
    const LstmOptions with = {plan.variant};
    if (plan.variant < 0 || plan.variant >= lstm_variants || plan.setting_count != 4) return false;
    if (with.has(coupled) && with.has(peephole_f)) return false;
    const double *s = plan.settings, least_size = with.has(projected), largest_size = least_size * INT32_MAX;
    return s[0] > 0 && s[1] > 0 && least_size <= s[2] && s[2] <= largest_size && (s[3] > 0) == with.has(normalized);
  }
  Wiring wiring() const {
    const int64_t M = weight_rows(options), peepholes = H * peephole_count();
    if (!options.has(normalized)) {
      return {.rows = M, .weight_rows = M, .recurrent = {{0, 0, M}}, .pointwise = peepholes, .projection = projection};
    }
    return {.rows = 3 * M + H, .weight_rows = M, .recurrent = {{0, M, M}}, .bias_row = 2 * M,
            .pointwise = peepholes + 2 * M + H, .projection = projection, .whole_rows = true};
  }
  int64_t plane_width(int p) const { return p == 0 && projection ? projection : H; }

  /* gates [R] holds the pre-activations and receives the activations. */
  void forward(Range units, Real* gates, const Real* const* old, Real* const* now, Pointwise<Real> own) const {
    options.variant ? step(options, units, gates, old, now, own) : step(NoLstmOptions{}, units, gates, old, now, own);
  }

  /* gates [R] holds the activations and receives the gradients of the pre-activations. */
  void backward(Range units, Real* gates, const Real* const* old, const Real* const* now, Real* const* d_state,
                Pointwise<Real> own) const {
    options.variant ? step_back(options, units, gates, old, now, d_state, own)
                    : step_back(NoLstmOptions{}, units, gates, old, now, d_state, own);
  }

 private:
  int64_t peephole_count() const {
    return options.has(peephole_i) + options.has(peephole_f) + options.has(peephole_o);
  }
  template <class Options>
  int64_t weight_rows(Options with) const {
    return o_row(with) + H;
  }
  /* Gains of the layer norms, or their gradients: of W_ih x [M], of W_hh h [M], of c' [H]. */
  template <class Number>
  Number* gains(Number* pointwise) const {
    return pointwise + H * peephole_count();
  }

  /* The first rows of g and o, from where those of (.) begin. */
  template <class Options>
  int64_t g_row(Options with) const {
    return with.has(coupled) ? H : 2 * H;
  }
  template <class Options>
  int64_t o_row(Options with) const {
    return g_row(with) + H;
  }

  /* Where the peepholes of each gate lie, if it has any. */
  template <class Number>
  struct Peepholes {
    Number *i, *f, *o;
    template <class Options>
    Peepholes(Options with, int64_t H, Number* first)
        : i(first), f(i + (with.has(peephole_i) ? H : 0)), o(f + (with.has(peephole_f) ? H : 0)) {}
  };

  template <class Options>
  void step(Options with, Range units, Real* gates, const Real* const* old, Real* const* now,
            Pointwise<Real> own) const {
    const int64_t g_at = g_row(with), o_at = o_row(with), M = weight_rows(with);
    if (with.has(normalized)) {
      const Real* const gain = gains(own.values);
      LayerNorm<Real>(gates, M, epsilon).add(gain, gates + 2 * M);
      LayerNorm<Real>(gates + M, M, epsilon).add(gain + M, gates + 2 * M);
      gates += 2 * M;
    }
    const Peepholes<const Real> p(with, H, own.values);
    const auto clamped = [&](Vector<Real> a) __attribute__((always_inline)) {
      return with.has(clipped) ? clamp(a, -clip, clip) : a;
    };
    for_each_vector<Real>(units, [&](int64_t j, auto extent) __attribute__((always_inline)) {
      const Vector<Real> c_old = load(old[1] + j, extent);
      Vector<Real> a_i = load(gates + j, extent);
      if (with.has(peephole_i)) a_i += load(p.i + j, extent) * c_old;
      const Vector<Real> i = sigmoid<Real>(clamped(a_i));
      Vector<Real> f = 1 - i;
      if (!with.has(coupled)) {
        Vector<Real> a_f = load(gates + H + j, extent);
        if (with.has(peephole_f)) a_f += load(p.f + j, extent) * c_old;
        f = sigmoid<Real>(clamped(a_f));
        store(gates + H + j, f, extent);
      }
      const Vector<Real> g = tanh<Real>(clamped(load(gates + g_at + j, extent)));
      Vector<Real> c = f * c_old + i * g;
      if (with.has(cell_clipped)) c = clamp(c, -cell_clip, cell_clip);
      Vector<Real> a_o = load(gates + o_at + j, extent);
      if (with.has(peephole_o)) a_o += load(p.o + j, extent) * c;
      store(gates + j, i, extent);
      store(gates + g_at + j, g, extent);
      store(gates + o_at + j, sigmoid<Real>(clamped(a_o)), extent);
      store(now[1] + j, c, extent);
    });
    if (with.has(normalized)) LayerNorm<Real>(now[1], H, epsilon).add(gains(own.values) + 2 * M, gates + M);
    const Real* const taken = with.has(normalized) ? gates + M : now[1];
    // A loop of its own: in one, the second tanh waits for the first, and too few vectors are under way.
    for_each_vector<Real>(units, [&](int64_t j, auto extent) __attribute__((always_inline)) {
      store(now[0] + j, load(gates + o_at + j, extent) * tanh<Real>(load(taken + j, extent)), extent);
    });
  }

  /*
   * With layer norm, what lies between dh' and the gradients of o and c': a_c receives its gradient, the row of o that
   * of o, d_state[0] c', and d_state[1] is added to.
   */
  void normalized_output_back(Real* gates, const Real* c_old, Real* const* d_state, Pointwise<Real> own) const {
    const int64_t g_at = g_row(options), o_at = o_row(options), M = weight_rows(options);
    Real *const a_c = gates + M, *const c_new = d_state[0];
    for_each_vector<Real>(H, [&](int64_t j, auto extent) __attribute__((always_inline)) {
      const Vector<Real> tanh_c = tanh<Real>(load(a_c + j, extent)), o = load(gates + o_at + j, extent);
      const Vector<Real> dh = load(d_state[0] + j, extent), i = load(gates + j, extent);
      store(a_c + j, dh * o * (1 - tanh_c * tanh_c), extent);
      store(gates + o_at + j, unless_clipped(options, dh * tanh_c * o * (1 - o), o, sigmoid_low, sigmoid_high), extent);
      const Vector<Real> f = options.has(coupled) ? 1 - i : load(gates + H + j, extent);
      const Vector<Real> c = f * load(c_old + j, extent) + i * load(gates + g_at + j, extent);
      store(c_new + j, options.has(cell_clipped) ? clamp(c, -cell_clip, cell_clip) : c, extent);
    });
    const LayerNorm<Real> norm(c_new, H, epsilon);
    norm.template back<false>(a_c, gains(own.values) + 2 * M, gains(own.gradients) + 2 * M, d_state[1]);
  }

  /* d, or 0 where an activation was clipped. */
  template <class Options>
  static inline __attribute__((always_inline)) Vector<Real> unless_clipped(Options with, Vector<Real> d,
                                                                           Vector<Real> value, Real low, Real high) {
    if (!with.has(clipped)) return d;
    return (value <= low) | (value >= high) ? Vector<Real>{} : d;
  }

  template <class Options>
  void step_back(Options with, Range units, Real* gates, const Real* const* old, const Real* const* now,
                 Real* const* d_state, Pointwise<Real> own) const {
    const int64_t g_at = g_row(with), o_at = o_row(with), M = weight_rows(with);
    Real* const products = gates;
    if (with.has(normalized)) {
      gates += 2 * M;
      normalized_output_back(gates, old[1], d_state, own);
    }
    const Peepholes<const Real> p(with, H, own.values);
    const Peepholes<Real> d_p(with, H, own.gradients);
    for_each_vector<Real>(units, [&](int64_t j, auto extent) __attribute__((always_inline)) {
      const auto add = [&](Real* to, Vector<Real> d) __attribute__((always_inline)) {
        store(to, load((const Real*)to, extent) + d, extent);
      };
      const auto through_sigmoid = [&](Vector<Real> d, Vector<Real> value) __attribute__((always_inline)) {
        return unless_clipped(with, d * value * (1 - value), value, sigmoid_low, sigmoid_high);
      };
      const Vector<Real> i = load(gates + j, extent), g = load(gates + g_at + j, extent);
      const Vector<Real> o = load(gates + o_at + j, extent), c_old = load(old[1] + j, extent);
      const Vector<Real> c = load(with.has(normalized) ? d_state[0] + j : now[1] + j, extent);
      Vector<Real> da_o = o, dc = load(d_state[1] + j, extent);
      if (!with.has(normalized)) {
        const Vector<Real> tanh_c = tanh<Real>(c), dh = load(d_state[0] + j, extent);
        da_o = through_sigmoid(dh * tanh_c, o);
        dc += dh * o * (1 - tanh_c * tanh_c);
      }
      if (with.has(peephole_o)) {
        dc += da_o * load(p.o + j, extent);
        add(d_p.o + j, da_o * c);
      }
      if (with.has(cell_clipped)) dc = (c <= -cell_clip) | (c >= cell_clip) ? Vector<Real>{} : dc;
      const Vector<Real> f = with.has(coupled) ? 1 - i : load(gates + H + j, extent);
      const Vector<Real> da_i = through_sigmoid(dc * (with.has(coupled) ? g - c_old : g), i);
      Vector<Real> dc_old = dc * f;
      if (with.has(peephole_i)) {
        dc_old += da_i * load(p.i + j, extent);
        add(d_p.i + j, da_i * c_old);
      }
      if (!with.has(coupled)) {
        const Vector<Real> da_f = through_sigmoid(dc * c_old, f);
        if (with.has(peephole_f)) {
          dc_old += da_f * load(p.f + j, extent);
          add(d_p.f + j, da_f * c_old);
        }
        store(gates + H + j, da_f, extent);
      }
      store(gates + j, da_i, extent);
      store(gates + g_at + j, unless_clipped(with, dc * i * (1 - g * g), g, -tanh_high, tanh_high), extent);
      store(gates + o_at + j, da_o, extent);
      store(d_state[0] + j, Vector<Real>{}, extent);
      store(d_state[1] + j, dc_old, extent);
    });
    if (!with.has(normalized)) return;
    for (int product = 0; product < 2; product++) {
      Real* const x = products + product * M;
      const LayerNorm<Real> norm(x, M, epsilon);
      norm.template back<true>(gates, gains(own.values) + product * M, gains(own.gradients) + product * M, x);
    }
  }
};

}  // namespace

extern const CellFactory lstm;
constinit const CellFactory lstm = make_factory<Lstm>();

}  // namespace rondo::RONDO_TIER
