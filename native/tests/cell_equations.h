/* The cells as published, one unit at a time in double, written from the equations and the ABI's words alone. */
#ifndef RONDO_CELL_EQUATIONS_H
#define RONDO_CELL_EQUATIONS_H

#include <cmath>
#include <cstdint>
#include <string>

/*
 * One cell at one variant. `a` holds a unit's gates: forward takes pre-activations and leaves activations, backward
 * reads those and fills `d_pre` with the gradients of the pre-activations; `d_state` is of the new state and becomes
 * the direct part of that of the old. Behind the gates in `a` and `d_pre` lie the unit's own parameters and their
 * gradients.
 */
struct CellEquations {
  const char* name;
  int64_t variant;
  int planes;
  int weight_gates; /* of both weight matrices */
  int gates;        /* with those that take one product alone */
  int apart;        /* the gate whose state product goes into the last gate instead; -1 = none */
  int second;       /* the gate whose state product takes r h instead of h, where r is gate 0; -1 = none */
  int own = 0;      /* parameters of the pointwise part, of each unit */
  int unbiased = 0; /* gates without a bias, the first ones */
  int64_t projection = 0; /* P, where plane 0 is a product of what forward makes as plane 0; else 0 */
  double settings[4] = {};
  int setting_count = 0;
  double (*to_kink)(const double* a, const double* old) = nullptr; /* how far the nearest jump of a slope is */
  void (*forward)(double* a, const double* old, double* now) = nullptr;
  void (*backward)(const double* a, const double* old, const double* now, double* d_state, double* d_pre) = nullptr;
  int64_t periods[4] = {}; /* of as many groups of units, whose units see their own and the next ones; 0 = none */
  int state_columns = -1; /* of the weights of the state; -1 = all units, 1 = a unit's own */
  int64_t most_seen = 0; /* where these are sparse: a unit sees 1, 2, ... up to as many units; 0 = they are not */
  int output_planes = 1; /* that have P numbers, the first ones; others have H */
  bool own_outputs = false; /* Jordan: P more pre-activation rows, which the projection feeds */
  bool sees_hidden = false; /* Jordan: weights of the state have H columns more */

  int64_t groups() const { return periods[0] == 0 ? 0 : 4; }
  std::string text() const { return std::string(name) + " " + std::to_string(variant); }
};

inline double logistic(double x) { return 1 / (1 + std::exp(-x)); }

inline double clamp(double x, double bound) { return std::fmax(-bound, std::fmin(x, bound)); }
inline double within(double x, double bound) { return std::fabs(x) < bound ? 1 : 0; }
inline double to_bound(double x, double bound) { return std::fabs(std::fabs(x) - bound); }

/* i f g o, or i g o; then the peepholes that there are, in the order i f o; state h, c. */
template <int64_t variant>
struct LstmUnit {
  static constexpr bool sees_i = variant & 1, sees_f = variant & 2, sees_o = variant & 4, coupled = variant & 8;
  static constexpr double clip = variant & 16 ? 1.5 : INFINITY, cell_clip = variant & 32 ? 0.7 : INFINITY;
  static constexpr int gates = coupled ? 3 : 4, f = 1, g = gates - 2, o = gates - 1;
  static constexpr int p_i = gates, p_f = p_i + sees_i, p_o = p_f + sees_f, own = sees_i + sees_f + sees_o;

  /* What the activations take. */
  static double a_i(const double* a, double c) { return a[0] + (sees_i ? a[p_i] * c : 0); }
  static double a_f(const double* a, double c) { return a[f] + (sees_f ? a[p_f] * c : 0); }
  static double a_o(const double* a, double c_new) { return a[o] + (sees_o ? a[p_o] * c_new : 0); }
  static double new_cell(const double* a, double c) {
    const double i = logistic(clamp(a_i(a, c), clip)), keep = coupled ? 1 - i : logistic(clamp(a_f(a, c), clip));
    return keep * c + i * std::tanh(clamp(a[g], clip));
  }

  static double to_kink(const double* a, const double* old) {
    const double c = new_cell(a, old[1]);
    double nearest = std::fmin(to_bound(c, cell_clip), to_bound(a_i(a, old[1]), clip));
    nearest = std::fmin(nearest, std::fmin(to_bound(a[g], clip), to_bound(a_o(a, clamp(c, cell_clip)), clip)));
    return coupled ? nearest : std::fmin(nearest, to_bound(a_f(a, old[1]), clip));
  }

  static void forward(double* a, const double* old, double* now) {
    now[1] = clamp(new_cell(a, old[1]), cell_clip);
    a[o] = logistic(clamp(a_o(a, now[1]), clip));
    if (!coupled) a[f] = logistic(clamp(a_f(a, old[1]), clip));
    a[0] = logistic(clamp(a_i(a, old[1]), clip));
    a[g] = std::tanh(clamp(a[g], clip));
    now[0] = a[o] * std::tanh(now[1]);
  }

  static double slope(double value) {
    return value > logistic(-clip) && value < logistic(clip) ? value * (1 - value) : 0;
  }

  static void backward(const double* a, const double* old, const double* now, double* d_state, double* d_pre) {
    const double tanh_c = std::tanh(now[1]), dh = d_state[0];
    d_pre[o] = dh * tanh_c * slope(a[o]);
    double dc = d_state[1] + dh * a[o] * (1 - tanh_c * tanh_c);
    if (sees_o) dc += d_pre[o] * a[p_o];
    dc *= within(now[1], cell_clip);
    d_pre[0] = dc * (coupled ? a[g] - old[1] : a[g]) * slope(a[0]);
    d_pre[g] = dc * a[0] * (1 - a[g] * a[g]) * within(a[g], std::tanh(clip));
    if (!coupled) d_pre[f] = dc * old[1] * slope(a[f]);
    d_state[0] = 0;
    d_state[1] = dc * (coupled ? 1 - a[0] : a[f]);
    if (sees_i) d_state[1] += d_pre[0] * a[p_i];
    if (sees_f) d_state[1] += d_pre[f] * a[p_f];
    if (sees_i) d_pre[p_i] = d_pre[0] * old[1];
    if (sees_f) d_pre[p_f] = d_pre[f] * old[1];
    if (sees_o) d_pre[p_o] = d_pre[o] * now[1];
  }
};

template <int64_t variant>
constexpr CellEquations lstm_with(int64_t projection = 0) {
  using Unit = LstmUnit<variant>;
  return {.name = "lstm", .variant = variant, .planes = 2, .weight_gates = Unit::gates, .gates = Unit::gates,
          .apart = -1, .second = -1, .own = Unit::own, .projection = projection,
          .settings = {Unit::clip, Unit::cell_clip, (double)projection, 0}, .setting_count = 4,
          .to_kink = variant & 48 ? Unit::to_kink : nullptr, .forward = Unit::forward, .backward = Unit::backward};
}
inline constexpr CellEquations lstm_equations = lstm_with<0>();

/* With layer norm: rows of both products, of what the gates take, of what the tanh of the cell takes. */
template <int64_t variant>
constexpr CellEquations normalized_lstm_with(int64_t projection = 0) {
  CellEquations cell = lstm_with<variant>(projection);
  cell.variant += 128;
  cell.gates = 3 * cell.weight_gates + 1;
  cell.unbiased = 2 * cell.weight_gates;
  cell.own += 2 * cell.weight_gates + 1;
  cell.settings[3] = 1;
  return cell;
}

inline double relu(double x) { return x > 0 ? x : 0; }
inline double to_zero(const double* a, const double*) { return std::fabs(a[0]); }
inline double slope_of_tanh(double h) { return 1 - h * h; }
inline double slope_of_relu(double h) { return h > 0 ? 1 : 0; }
inline double slope_of_logistic(double h) { return h * (1 - h); }

template <double (*activation)(double), double (*slope)(double)>
constexpr CellEquations simple_equations(const char* name, int64_t variant,
                                         double (*to_kink)(const double*, const double*)) {
  return {.name = name, .variant = variant, .planes = 1, .weight_gates = 1, .gates = 1, .apart = -1, .second = -1,
          .to_kink = to_kink,
          .forward = [](double* a, const double*, double* now) { now[0] = a[0] = activation(a[0]); },
          .backward =
              [](const double* a, const double*, const double*, double* d_state, double* d_pre) {
                d_pre[0] = d_state[0] * slope(a[0]);
                d_state[0] = 0;
              }};
}

inline constexpr CellEquations with_periods(CellEquations cell, int64_t p0, int64_t p1, int64_t p2, int64_t p3) {
  cell.periods[0] = p0, cell.periods[1] = p1, cell.periods[2] = p2, cell.periods[3] = p3;
  return cell;
}

template <double (*activation)(double), double (*slope)(double)>
constexpr CellEquations indrnn_equations(int64_t variant, double (*to_kink)(const double*, const double*)) {
  CellEquations equations = simple_equations<activation, slope>("indrnn", variant, to_kink);
  equations.state_columns = 1;
  return equations;
}

/* Elman's units with a leak of 0.4 and a gain of 0.7. */
template <double (*activation)(double), double (*slope)(double)>
constexpr CellEquations reservoir_equations(int64_t variant, double (*to_kink)(const double*, const double*),
                                            int64_t most_seen) {
  CellEquations cell = simple_equations<activation, slope>("reservoir", variant, to_kink);
  cell.settings[0] = 0.4;
  cell.settings[1] = 0.7;
  cell.setting_count = 2;
  cell.most_seen = most_seen;
  cell.forward = [](double* a, const double* old, double* now) {
    a[0] = activation(a[0]);
    now[0] = 0.6 * old[0] + 0.7 * a[0];
  };
  cell.backward = [](const double* a, const double*, const double*, double* d_state, double* d_pre) {
    d_pre[0] = 0.7 * d_state[0] * slope(a[0]);
    d_state[0] *= 0.6;
  };
  return cell;
}

/* r z nx nh: n = tanh(nx + r nh). */
inline constexpr CellEquations gru_reset_after = {
    .name = "gru", .variant = 0, .planes = 1, .weight_gates = 3, .gates = 4, .apart = 2, .second = -1,
    .forward =
        [](double* a, const double* old, double* now) {
          a[0] = logistic(a[0]);
          a[1] = logistic(a[1]);
          a[2] = std::tanh(a[2] + a[0] * a[3]);
          now[0] = (1 - a[1]) * a[2] + a[1] * old[0];
        },
    .backward =
        [](const double* a, const double* old, const double*, double* d_state, double* d_pre) {
          d_pre[2] = d_state[0] * (1 - a[1]) * (1 - a[2] * a[2]);
          d_pre[1] = d_state[0] * (old[0] - a[2]) * a[1] * (1 - a[1]);
          d_pre[0] = d_pre[2] * a[3] * a[0] * (1 - a[0]);
          d_pre[3] = d_pre[2] * a[0];
          d_state[0] *= a[1];
        }};

/* r z n, with the gradient of r left to the product of r h. */
inline constexpr CellEquations gru_reset_before = {
    .name = "gru", .variant = 1, .planes = 1, .weight_gates = 3, .gates = 3, .apart = -1, .second = 2,
    .forward =
        [](double* a, const double* old, double* now) {
          a[0] = logistic(a[0]);
          a[1] = logistic(a[1]);
          a[2] = std::tanh(a[2]);
          now[0] = (1 - a[1]) * a[2] + a[1] * old[0];
        },
    .backward =
        [](const double* a, const double* old, const double*, double* d_state, double* d_pre) {
          d_pre[2] = d_state[0] * (1 - a[1]) * (1 - a[2] * a[2]);
          d_pre[1] = d_state[0] * (old[0] - a[2]) * a[1] * (1 - a[1]);
          d_state[0] *= a[1];
        }};

/* z g; nothing multiplies the state. */
inline constexpr CellEquations mingru_equations = {
    .name = "mingru", .variant = 0, .planes = 1, .weight_gates = 2, .gates = 2, .apart = -1, .second = -1,
    .forward =
        [](double* a, const double* old, double* now) {
          a[0] = logistic(a[0]);
          now[0] = (1 - a[0]) * old[0] + a[0] * a[1];
        },
    .backward =
        [](const double* a, const double* old, const double*, double* d_state, double* d_pre) {
          d_pre[0] = d_state[0] * (a[1] - old[0]) * a[0] * (1 - a[0]);
          d_pre[1] = d_state[0] * a[0];
          d_state[0] *= 1 - a[0];
        },
    .state_columns = 0};

/* i f g; nothing multiplies the state. */
inline constexpr CellEquations minlstm_equations = {
    .name = "minlstm", .variant = 0, .planes = 1, .weight_gates = 3, .gates = 3, .apart = -1, .second = -1,
    .forward =
        [](double* a, const double* old, double* now) {
          a[0] = logistic(a[0]);
          a[1] = logistic(a[1]);
          now[0] = a[1] / (a[0] + a[1]) * old[0] + a[0] / (a[0] + a[1]) * a[2];
        },
    .backward =
        [](const double* a, const double* old, const double*, double* d_state, double* d_pre) {
          const double both = a[0] + a[1], d = d_state[0] * (a[2] - old[0]) / (both * both);
          d_pre[0] = d * a[1] * a[0] * (1 - a[0]);
          d_pre[1] = -d * a[0] * a[1] * (1 - a[1]);
          d_pre[2] = d_state[0] * a[0] / both;
          d_state[0] *= a[1] / both;
        },
    .state_columns = 0};

inline constexpr CellEquations all_cells[] = {
    simple_equations<std::tanh, slope_of_tanh>("elman", 0, nullptr),
    simple_equations<relu, slope_of_relu>("elman", 1, to_zero),
    simple_equations<logistic, slope_of_logistic>("elman", 2, nullptr),
    lstm_equations,
    lstm_with<7>(),
    lstm_with<8>(),
    lstm_with<2 + 16>(),
    lstm_with<32>(),
    lstm_with<1 + 4 + 8 + 16 + 32>(),
    lstm_with<64>(5),
    lstm_with<2 + 4 + 64>(20),
    gru_reset_after,
    gru_reset_before,
    with_periods(simple_equations<std::tanh, slope_of_tanh>("clockwork", 0, nullptr), 1, 2, 3, 5),
    with_periods(simple_equations<relu, slope_of_relu>("clockwork", 1, to_zero), 1, 2, 4, 8),
    with_periods(simple_equations<logistic, slope_of_logistic>("clockwork", 2, nullptr), 2, 2, 3, 3),
    mingru_equations,
    minlstm_equations,
    indrnn_equations<std::tanh, slope_of_tanh>(0, nullptr),
    indrnn_equations<relu, slope_of_relu>(1, to_zero),
    indrnn_equations<logistic, slope_of_logistic>(2, nullptr),
    reservoir_equations<std::tanh, slope_of_tanh>(0, nullptr, 0),
    reservoir_equations<std::tanh, slope_of_tanh>(0, nullptr, 1),
    reservoir_equations<relu, slope_of_relu>(1, to_zero, 7),
};

constexpr CellEquations jordan_with(int64_t f, int64_t g, int64_t outputs, double decay, bool elman) {
  return {.name = "jordan", .variant = f + 3 * g + (elman ? 9 : 0), .planes = 1 + (decay > 0) + elman,
          .weight_gates = 1, .gates = 1, .apart = -1, .second = -1, .projection = outputs,
          .settings = {(double)outputs, decay}, .setting_count = 2, .output_planes = 1 + (decay > 0),
          .own_outputs = true, .sees_hidden = elman};
}

/* Those whose derivatives and manners are looked at, without equations to compare with. */
inline constexpr CellEquations whole_row_cells[] = {
    normalized_lstm_with<0>(),
    normalized_lstm_with<1 + 4 + 8 + 64>(3),
    normalized_lstm_with<7 + 32>(),
    jordan_with(0, 0, 3, 0, false),
    jordan_with(2, 1, 1, 0.5, false),
    jordan_with(0, 2, 20, 0, true),
    jordan_with(2, 0, 7, 0.25, true),
};

#endif
