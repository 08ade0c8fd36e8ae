/* The cells as published, one unit at a time in double, written from the equations and the ABI's words alone. */
#ifndef RONDO_CELL_EQUATIONS_H
#define RONDO_CELL_EQUATIONS_H

#include <cmath>
#include <cstdint>
#include <string>

/*
 * One cell at one variant. `a` holds a unit's gates: forward takes pre-activations and leaves activations, backward
 * reads those and fills `d_pre` with the gradients of the pre-activations; `d_state` is of the new state and becomes
 * the direct part of that of the old.
 */
struct CellEquations {
  const char* name;
  int64_t variant;
  int planes;
  int weight_gates; /* of both weight matrices */
  int gates;        /* with those that take one product alone */
  int apart;        /* the gate whose state product goes into the last gate instead; -1 = none */
  int second;       /* the gate whose state product takes r h instead of h, where r is gate 0; -1 = none */
  bool has_kink;    /* a gate's slope jumps where its pre-activation is 0 */
  void (*forward)(double* a, const double* old, double* now);
  void (*backward)(const double* a, const double* old, const double* now, double* d_state, double* d_pre);
  int64_t periods[4] = {}; /* of as many groups of units, whose units see their own and the next ones; 0 = none */
  int state_columns = -1; /* of the weights of the state; -1 = all units, 1 = a unit's own */

  int64_t groups() const { return periods[0] == 0 ? 0 : 4; }
  std::string text() const { return std::string(name) + " " + std::to_string(variant); }
};

inline double logistic(double x) { return 1 / (1 + std::exp(-x)); }

/* i f g o; state h, c. */
inline constexpr CellEquations lstm_equations = {
    .name = "lstm", .variant = 0, .planes = 2, .weight_gates = 4, .gates = 4, .apart = -1, .second = -1,
    .has_kink = false,
    .forward =
        [](double* a, const double* old, double* now) {
          for (int gate = 0; gate < 4; gate++) a[gate] = gate == 2 ? std::tanh(a[gate]) : logistic(a[gate]);
          now[1] = a[1] * old[1] + a[0] * a[2];
          now[0] = a[3] * std::tanh(now[1]);
        },
    .backward =
        [](const double* a, const double* old, const double* now, double* d_state, double* d_pre) {
          const double tanh_c = std::tanh(now[1]), dh = d_state[0];
          const double dc = d_state[1] + dh * a[3] * (1 - tanh_c * tanh_c);
          d_pre[0] = dc * a[2] * a[0] * (1 - a[0]);
          d_pre[1] = dc * old[1] * a[1] * (1 - a[1]);
          d_pre[2] = dc * a[0] * (1 - a[2] * a[2]);
          d_pre[3] = dh * tanh_c * a[3] * (1 - a[3]);
          d_state[0] = 0;
          d_state[1] = dc * a[1];
        }};

inline double relu(double x) { return x > 0 ? x : 0; }
inline double slope_of_tanh(double h) { return 1 - h * h; }
inline double slope_of_relu(double h) { return h > 0 ? 1 : 0; }
inline double slope_of_logistic(double h) { return h * (1 - h); }

template <double (*activation)(double), double (*slope)(double)>
constexpr CellEquations simple_equations(const char* name, int64_t variant, bool has_kink) {
  return {.name = name, .variant = variant, .planes = 1, .weight_gates = 1, .gates = 1, .apart = -1, .second = -1,
          .has_kink = has_kink,
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
constexpr CellEquations indrnn_equations(int64_t variant, bool has_kink) {
  CellEquations equations = simple_equations<activation, slope>("indrnn", variant, has_kink);
  equations.state_columns = 1;
  return equations;
}

/* r z nx nh: n = tanh(nx + r nh). */
inline constexpr CellEquations gru_reset_after = {
    .name = "gru", .variant = 0, .planes = 1, .weight_gates = 3, .gates = 4, .apart = 2, .second = -1,
    .has_kink = false,
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
    .has_kink = false,
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
    .has_kink = false,
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
    .has_kink = false,
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
    simple_equations<std::tanh, slope_of_tanh>("elman", 0, false),
    simple_equations<relu, slope_of_relu>("elman", 1, true),
    simple_equations<logistic, slope_of_logistic>("elman", 2, false),
    lstm_equations,
    gru_reset_after,
    gru_reset_before,
    with_periods(simple_equations<std::tanh, slope_of_tanh>("clockwork", 0, false), 1, 2, 3, 5),
    with_periods(simple_equations<relu, slope_of_relu>("clockwork", 1, true), 1, 2, 4, 8),
    with_periods(simple_equations<logistic, slope_of_logistic>("clockwork", 2, false), 2, 2, 3, 3),
    mingru_equations,
    minlstm_equations,
    indrnn_equations<relu, slope_of_relu>(0, true),
    indrnn_equations<std::tanh, slope_of_tanh>(1, false),
};

#endif
