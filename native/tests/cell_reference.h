/* Any cell over a sequence and back in plain double loops, one batch row after the other. */
#ifndef RONDO_CELL_REFERENCE_H
#define RONDO_CELL_REFERENCE_H

#include <algorithm>

#include "cell_problem.h"

struct CellResult {
  Doubles output;
  std::vector<Doubles> last; /* of each plane */
  Doubles d_params, d_input, d_pre;
  std::vector<Doubles> d_initial;
  double nearest_to_kink = INFINITY;
};

class CellReference {
 public:
  CellReference(const CellProblem& problem, CellResult& result) : p(problem), r(result) {
    const int64_t count = s.T * s.B;
    r.output.assign(count * P, 0);
    r.last = p.initial;
    r.d_params.assign(p.params.size(), 0);
    r.d_input.assign(count * s.I, 0);
    r.d_pre.assign(count * R, 0);
    r.d_initial = p.d_last;
    gates.assign(count * R, 0);
    operand = second = d_plane = Doubles(count * P, 0);
    old = now = std::vector<Doubles>(s.cell.planes, Doubles(count * std::max(s.H, P), 0));
    for (int64_t m = 0; m < M; m++) first_seen.push_back(s.first_seen(m));
    state_weights.push_back(0);
    for (int64_t m = 0; m < M; m++) state_weights.push_back(state_weights[m] + s.end_seen(m) - first_seen[m]);
  }

  void forward() {
    for (int64_t n = 0; n < s.T; n++) {
      for (int64_t b = 0; b < s.B; b++) forward(s.reversed ? s.T - 1 - n : n, b);
    }
  }

  void backward() {
    for (int64_t n = s.T - 1; n >= 0; n--) {
      for (int64_t b = 0; b < s.B; b++) backward(s.reversed ? s.T - 1 - n : n, b);
    }
  }

 private:
  static constexpr int most_gates = 8, most_planes = 4;

  /* Positions in the parameters, of row m of the weights and pre-activation row `row`. */
  int64_t ih(int64_t m, int64_t i) const { return s.tokens ? i * M + m : m * s.I + i; }
  int64_t hh(int64_t m, int64_t k) const { return M * s.I + state_weights[m] + k - first_seen[m]; }
  int64_t bias(int64_t row) const { return M * s.I + state_weights[M] + row; }
  /* The n-th parameter of unit j's pointwise part. */
  int64_t own(int n, int64_t j) const { return bias(R) + n * s.H + j; }
  int64_t hr(int64_t p, int64_t j) const { return own(s.cell.own, 0) + p * s.H + j; }

  /* The pre-activation row that the state product of weight row m feeds, and whether it takes r h. */
  int64_t state_row(int64_t m) const { return m / s.H == s.cell.apart ? (s.cell.gates - 1) * s.H + m % s.H : m; }
  bool takes_second(int64_t m) const { return m / s.H == s.cell.second; }

  void forward(int64_t t, int64_t b) {
    if (!p.present(t, b)) return;
    const int64_t at = t * s.B + b;
    for (int plane = 0; plane < s.cell.planes; plane++) {
      const int64_t width = s.width(plane);
      for (int64_t k = 0; k < width; k++) old[plane][at * width + k] = r.last[plane][b * width + k];
    }
    for (int64_t k = 0; k < P; k++) operand[at * P + k] = p.masked(t, b, k) * old[0][at * P + k];
    if (p.steps(t, b)) multiply(at);
    for (int64_t j = 0; j < s.H && p.steps(t, b); j++) {
      double a[most_gates], before[most_planes], after[most_planes];
      read_unit(at, j, a);
      for (int plane = 0; plane < s.cell.planes; plane++) before[plane] = old_of(plane, at, j);
      if (s.cell.to_kink) r.nearest_to_kink = std::fmin(r.nearest_to_kink, s.cell.to_kink(a, before));
      s.cell.forward(a, before, after);
      for (int g = 0; g < s.cell.gates; g++) gates[at * R + g * s.H + j] = a[g];
      for (int plane = 0; plane < s.cell.planes; plane++) {
        now[plane][at * s.H + j] = after[plane];
        if (plane == 0 && s.cell.projection) continue;
        if (!p.rests(t, b, j)) r.last[plane][b * s.H + j] = after[plane];
      }
    }
    for (int64_t k = 0; k < s.cell.projection && p.steps(t, b); k++) {
      double& h = r.last[0][b * P + k] = 0;
      for (int64_t j = 0; j < s.H; j++) h += p.params[hr(k, j)] * now[0][at * s.H + j];
    }
    for (int64_t k = 0; k < P; k++) r.output[at * P + k] = r.last[0][b * P + k];
  }

  /* A unit's old state; of a projected plane no unit has any. */
  double old_of(int plane, int64_t at, int64_t j) const {
    return plane == 0 && s.cell.projection ? NAN : old[plane][at * s.H + j];
  }

  /* A unit's gates, and its own parameters. */
  void read_unit(int64_t at, int64_t j, double* a) const {
    for (int g = 0; g < s.cell.gates; g++) a[g] = gates[at * R + g * s.H + j];
    for (int n = 0; n < s.cell.own; n++) a[s.cell.gates + n] = p.params[own(n, j)];
  }

  /* The pre-activations of row `at`. */
  void multiply(int64_t at) {
    double* pre = &gates[at * R];
    const double *h = &operand[at * P], *x = &p.input[at * s.I];
    for (int64_t row = 0; row < R; row++) pre[row] = p.params[bias(row)];
    for (int64_t m = 0; m < M; m++) {
      if (s.tokens) pre[m] += p.params[ih(m, p.tokens[at])];
      for (int64_t i = 0; i < s.I && !s.tokens; i++) pre[m] += p.params[ih(m, i)] * x[i];
      for (int64_t k = first_seen[m]; k < s.end_seen(m) && !takes_second(m); k++) {
        pre[state_row(m)] += p.params[hh(m, k)] * h[k];
      }
    }
    for (int64_t k = 0; k < P && s.cell.second >= 0; k++) second[at * P + k] = logistic(pre[k]) * h[k];
    for (int64_t m = 0; m < M; m++) {
      for (int64_t k = 0; k < P && takes_second(m); k++) pre[m] += p.params[hh(m, k)] * second[at * P + k];
    }
  }

  void backward(int64_t t, int64_t b) {
    if (!p.present(t, b)) return;
    const int64_t at = t * s.B + b;
    for (int64_t k = 0; k < P; k++) r.d_initial[0][b * P + k] += p.d_output[at * P + k];
    for (int64_t k = 0; k < s.cell.projection && p.steps(t, b); k++) {
      std::swap(d_plane[at * P + k], r.d_initial[0][b * P + k]);  // which is zero
      for (int64_t j = 0; j < s.H; j++) r.d_params[hr(k, j)] += d_plane[at * P + k] * now[0][at * s.H + j];
    }
    for (int64_t j = 0; j < s.H; j++) {
      if (p.rests(t, b, j)) continue;
      double a[most_gates], d_pre[most_gates] = {}, before[most_planes], after[most_planes], d[most_planes];
      read_unit(at, j, a);
      for (int plane = 0; plane < s.cell.planes; plane++) {
        const bool projected = plane == 0 && s.cell.projection;
        before[plane] = old_of(plane, at, j);
        after[plane] = now[plane][at * s.H + j];
        d[plane] = projected ? 0 : r.d_initial[plane][b * s.H + j];
        for (int64_t k = 0; k < P && projected; k++) d[0] += d_plane[at * P + k] * p.params[hr(k, j)];
      }
      s.cell.backward(a, before, after, d, d_pre);
      for (int plane = s.cell.projection ? 1 : 0; plane < s.cell.planes; plane++) {
        r.d_initial[plane][b * s.H + j] = d[plane];
      }
      for (int g = 0; g < s.cell.gates; g++) r.d_pre[at * R + g * s.H + j] = d_pre[g];
      for (int n = 0; n < s.cell.own; n++) r.d_params[own(n, j)] += d_pre[s.cell.gates + n];
    }
    if (!p.steps(t, b)) return;
    const Doubles d_operand = multiply_back(at);
    for (int64_t k = 0; k < P; k++) r.d_initial[0][b * P + k] += p.masked(t, b, k) * d_operand[k];
  }

  /* The gradients of what row `at` was multiplied from; returns that of the masked state. */
  Doubles multiply_back(int64_t at) {
    double* d_pre = &r.d_pre[at * R];
    const double *h = &operand[at * P], *rh = &second[at * P], *x = &p.input[at * s.I];
    Doubles d_operand(P, 0);
    for (int64_t k = 0; k < P && s.cell.second >= 0; k++) {
      double d = 0;
      const double reset = gates[at * R + k];
      for (int64_t m = 0; m < M; m++) d += takes_second(m) ? d_pre[m] * p.params[hh(m, k)] : 0;
      d_pre[k] = d * h[k] * reset * (1 - reset);
      d_operand[k] = d * reset;
    }
    for (int64_t row = 0; row < R; row++) r.d_params[bias(row)] += d_pre[row];
    for (int64_t m = 0; m < M; m++) {
      if (s.tokens) r.d_params[ih(m, p.tokens[at])] += d_pre[m];
      for (int64_t i = 0; i < s.I && !s.tokens; i++) {
        r.d_params[ih(m, i)] += d_pre[m] * x[i];
        r.d_input[at * s.I + i] += d_pre[m] * p.params[ih(m, i)];
      }
      const double d = d_pre[state_row(m)];
      for (int64_t k = first_seen[m]; k < s.end_seen(m); k++) {
        r.d_params[hh(m, k)] += d * (takes_second(m) ? rh : h)[k];
        d_operand[k] += takes_second(m) ? 0 : d * p.params[hh(m, k)];
      }
    }
    return d_operand;
  }

  const CellProblem& p;
  const CellCase& s = p.shape;
  CellResult& r;
  const int64_t M = s.weight_rows(), R = s.rows(), P = s.P();
  std::vector<int64_t> first_seen, state_weights; /* of every weight row */
  Doubles gates, operand, second, d_plane; /* of every (t, b): activations, masked state, r h, gradient of h */
  std::vector<Doubles> old, now;  /* of every plane */
};

inline CellResult solve(const CellProblem& problem) {
  CellResult result;
  CellReference reference(problem, result);
  reference.forward();
  reference.backward();
  return result;
}

#endif
