/*
 * Jordan: a network whose output feeds its hidden units at the next step. With f and g activations of their own:
 *
 *   h' = f(W_ih x + W_hh [s, h] + b)     y' = g(V h' + c)     s = y, or with a decaying context s' = y' + alpha s
 *
 * where h is there with Elman's feedback only.
 *
 * State planes: y [O]; s [O] with a decay; h [H] with Elman's feedback. Pre-activation rows: a of h', H, and o of y',
 * O, which a second product feeds, of V and the cache plane h'. The recurrent product takes s and h, gathered in a row;
 * a recurrent mask multiplies y there, and changes nothing where s is a plane of its own.
 * Cached: h', y', what is gathered. Between the two halves of a step backwards the rows of h' hold dh.
 *
 * Backward, from dy', ds', dh' (which become the direct parts of dy, ds, dh: 0, alpha ds', 0):
 *
 *   do = (dy' + ds') g'(o)     da = (V^T do + dh') f'(a)     with slopes taken from the activations
 */
#include "activations.h"
#include "../pass.h"

namespace rondo::RONDO_TIER {
namespace {

/* In the order of variants: f changes first, then g, then whether there is Elman's feedback. */
constexpr UnitActivation jordan_hidden[] = {act_tanh, act_relu, act_sigmoid};
constexpr UnitActivation jordan_output[] = {act_identity, act_tanh, act_sigmoid};

template <class Element>
struct Jordan {
  using Real = Element;
  int64_t H, O;
  UnitActivation activation, output_activation;
  bool decays, feeds_hidden;
  Real alpha;

  explicit Jordan(const rondo_plan_options& plan)
      : H(plan.hidden_size),
        O((int64_t)plan.settings[0]),
        activation(jordan_hidden[plan.variant % 3]),
        output_activation(jordan_output[plan.variant / 3 % 3]),
        decays(plan.settings[1] > 0),
        feeds_hidden(plan.variant >= 9),
        alpha((Real)plan.settings[1]) {}
  static bool accepts(const rondo_plan_options& plan) {
    if (plan.variant < 0 || plan.variant >= 18 || plan.setting_count != 2) return false;
    const double outputs = plan.settings[0], decay = plan.settings[1];
    return outputs >= 1 && outputs <= (double)(INT32_MAX - plan.hidden_size) && outputs == (double)(int64_t)outputs &&
           decay >= 0 && decay < 1;
  }
  Wiring wiring() const {
    return {.rows = H + O, .weight_rows = H, .recurrent = {{0, 0, H}}, .between = {{0, H, O}},
            .operand = O + (feeds_hidden ? H : 0), .outputs = O, .whole_rows = true};
  }
  int context_plane() const { return decays ? 1 : 0; }
  int hidden_plane() const { return context_plane() + 1; }
  int plane_count() const { return feeds_hidden ? hidden_plane() + 1 : hidden_plane(); }
  int64_t plane_width(int p) const { return p > context_plane() ? H : O; }

  /* What W_hh multiplies, [O] or [O + H]; mask [O] is of y. */
  void gather(const Real* const* old, const Real* mask, Real* operand) const {
    if (mask && !decays) {
      multiply_row(operand, mask, old[0], O);
    } else {
      copy_row(operand, old[context_plane()], O);
    }
    if (feeds_hidden) copy_row(operand + O, old[hidden_plane()], H);
  }

  void scatter(const Real* d_operand, const Real* mask, Real* const* d_state) const {
    if (mask && !decays) {
      add_product_of_rows(d_state[0], mask, d_operand, O);
    } else {
      add_row(d_state[context_plane()], d_operand, O);
    }
    if (feeds_hidden) add_row(d_state[hidden_plane()], d_operand + O, H);
  }

  /* gates [H + O]: of h' the activation, as forward_between left it; of y' the pre-activation, then the activation. */
  void forward(Range, Real* gates, const Real* const* old, Real* const* now) const {
    Real* const y = gates + H;
    activate(output_activation, {0, O}, y, now[0]);
    copy_row(y, (const Real*)now[0], O);
    for_each_vector<Real>(decays ? O : 0, [&](int64_t k, auto extent) __attribute__((always_inline)) {
      store(now[1] + k, load(y + k, extent) + alpha * load(old[1] + k, extent), extent);
    });
    if (feeds_hidden) copy_row(now[hidden_plane()], (const Real*)gates, H);
  }

  /* gates [H + O] holds the activations and receives dh' and the gradients of the pre-activations of y'. */
  void backward(Range, Real* gates, const Real* const*, const Real* const*, Real* const* d_state) const {
    Real* const dy = d_state[0];
    for_each_vector<Real>(decays ? O : 0, [&](int64_t k, auto extent) __attribute__((always_inline)) {
      const Vector<Real> ds = load(d_state[1] + k, extent);
      store(dy + k, load(dy + k, extent) + ds, extent);
      store(d_state[1] + k, alpha * ds, extent);
    });
    differentiate(output_activation, {0, O}, gates + H, dy, gates + H);
    memset(dy, 0, (size_t)O * sizeof(Real));
    if (!feeds_hidden) return (void)memset(gates, 0, (size_t)H * sizeof(Real));
    Real* const dh = d_state[hidden_plane()];
    copy_row(gates, (const Real*)dh, H);
    memset(dh, 0, (size_t)H * sizeof(Real));
  }

  /* gates [H] holds the pre-activations of h' and receives the activations, which are the cache plane, too. */
  void forward_between(Range units, Real* gates, const Real*, Real* cache) const {
    activate(activation, units, gates, cache);
    copy_row(gates + units.begin, (const Real*)cache + units.begin, units.end - units.begin);
  }

  /* gates [H] holds dh' and receives the gradients of the pre-activations of h'. */
  void backward_between(Range units, Real* gates, const Real* cache, Real* d_cache) const {
    add_row(d_cache + units.begin, (const Real*)gates + units.begin, units.end - units.begin);
    differentiate(activation, units, cache, d_cache, gates);
  }

 private:
  /* v = act(a) */
  static void activate(UnitActivation act, Range units, const Real* a, Real* v) {
    with_activation<Real>(act, [&](auto function) __attribute__((always_inline)) {
      for_each_vector<Real>(units, [&](int64_t k, auto extent) __attribute__((always_inline)) {
        store(v + k, function(load(a + k, extent)), extent);
      });
    });
  }

  /* da from dv and v = act(a); da may be v or dv. */
  static void differentiate(UnitActivation act, Range units, const Real* v, const Real* dv, Real* da) {
    with_slope<Real>(act, [&](auto gradient) __attribute__((always_inline)) {
      for_each_vector<Real>(units, [&](int64_t k, auto extent) __attribute__((always_inline)) {
        store(da + k, gradient(load(v + k, extent), load(dv + k, extent)), extent);
      });
    });
  }
};

}  // namespace

extern const CellFactory jordan;
constinit const CellFactory jordan = make_factory<Jordan>();

}  // namespace rondo::RONDO_TIER
