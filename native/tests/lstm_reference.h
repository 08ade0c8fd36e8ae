/*
 * The LSTM in plain double loops, one batch row after the other, written from the equations and the ABI's words alone.
 */
#ifndef RONDO_LSTM_REFERENCE_H
#define RONDO_LSTM_REFERENCE_H

#include <cmath>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

using Doubles = std::vector<double>;

/* Sizes and options of a case. */
struct LstmShape {
  int64_t T, B, I, H;
  bool reversed = false;
  bool tokens = false;
  bool lengths = false;
  int64_t hold_width = 0; /* 0 = no hold */
  bool mask = false;
  bool mask_per_step = false;
  bool initial = true;

  std::string text() const {
    std::string s = "T=" + std::to_string(T) + " B=" + std::to_string(B) + " I=" + std::to_string(I);
    s += " H=" + std::to_string(H) + (reversed ? " reversed" : "") + (tokens ? " tokens" : "");
    s += std::string(lengths ? " lengths" : "") + (mask ? mask_per_step ? " mask per step" : " mask" : "");
    return s + (hold_width ? " hold " + std::to_string(hold_width) : "") + (initial ? "" : " no initial");
  }
};

/* All numbers of a case, dense. Input and output gradient are not-a-number where no step may look at them. */
struct LstmProblem {
  LstmShape shape;
  Doubles params, input, h0, c0, mask, d_output, d_h, d_c;
  std::vector<int32_t> tokens, lengths;
  std::vector<uint8_t> hold;

  bool present(int64_t t, int64_t b) const { return !shape.lengths || t < lengths[b]; }
  bool held(int64_t t, int64_t b, int64_t j) const {
    const int64_t width = shape.hold_width;
    return width != 0 && hold[(t * shape.B + b) * width + (width == 1 ? 0 : j)] != 0;
  }
  double masked(int64_t t, int64_t b, int64_t j) const {
    if (!shape.mask) return 1;
    return mask[((shape.mask_per_step ? t * shape.B : 0) + b) * shape.H + j];
  }
};

struct LstmResult {
  Doubles output, h, c;                                           /* forward */
  Doubles d_params, d_input, d_h0, d_c0, d_pre;                   /* backward */
};

inline Doubles random_doubles(std::mt19937& random, int64_t count, double scale) {
  std::uniform_real_distribution<double> uniform(-scale, scale);
  Doubles values(count);
  // Rounded to float, so that both precisions see the same numbers.
  for (double& value : values) value = (float)uniform(random);
  return values;
}

inline LstmProblem make_problem(const LstmShape& s, unsigned seed) {
  std::mt19937 random(seed);
  LstmProblem p;
  p.shape = s;
  p.params = random_doubles(random, 4 * s.H * (s.I + s.H + 1), 1.5 / std::sqrt((double)(s.tokens ? s.H : s.H + s.I)));
  p.input = random_doubles(random, s.T * s.B * s.I, 1);
  p.h0 = random_doubles(random, s.B * s.H, s.initial ? 0.9 : 0);
  p.c0 = random_doubles(random, s.B * s.H, s.initial ? 2 : 0);
  p.mask = random_doubles(random, (s.mask_per_step ? s.T : 1) * s.B * s.H, 2);
  p.d_output = random_doubles(random, s.T * s.B * s.H, 1);
  p.d_h = random_doubles(random, s.B * s.H, 1);
  p.d_c = random_doubles(random, s.B * s.H, 1);
  for (int64_t i = 0; i < s.T * s.B; i++) p.tokens.push_back((int32_t)(random() % s.I));
  for (int64_t b = 0; b < s.B; b++) p.lengths.push_back((int32_t)(random() % (s.T + 1)));
  for (int64_t i = 0; i < s.T * s.B * s.hold_width; i++) p.hold.push_back(random() % 3 == 0);
  for (int64_t t = 0; t < s.T; t++) {
    for (int64_t b = 0; b < s.B; b++) {
      const bool steps = p.present(t, b) && !(s.hold_width == 1 && p.held(t, b, 0));
      for (int64_t i = 0; i < s.I && !steps; i++) p.input[(t * s.B + b) * s.I + i] = NAN;
      for (int64_t j = 0; j < s.H && !p.present(t, b); j++) p.d_output[(t * s.B + b) * s.H + j] = NAN;
    }
  }
  return p;
}

/* One batch row through time and back. */
class LstmReference {
 public:
  LstmReference(const LstmProblem& problem, LstmResult& result) : p(problem), r(result) {
    const int64_t rows = s.T * s.B;
    r.output.assign(rows * s.H, 0);
    r.h = p.h0;
    r.c = p.c0;
    r.d_params.assign(p.params.size(), 0);
    r.d_input.assign(rows * s.I, 0);
    r.d_pre.assign(rows * 4 * s.H, 0);
    r.d_h0 = p.d_h;
    r.d_c0 = p.d_c;
    gates.assign(rows * 4 * s.H, 0);
    h_old = c_old = c_new = Doubles(rows * s.H, 0);
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
  static double logistic(double x) { return 1 / (1 + std::exp(-x)); }

  /* Positions in the parameters. */
  int64_t ih(int64_t row, int64_t i) const { return s.tokens ? i * 4 * s.H + row : row * s.I + i; }
  int64_t hh(int64_t row, int64_t k) const { return 4 * s.H * s.I + row * s.H + k; }
  int64_t bias(int64_t row) const { return 4 * s.H * (s.I + s.H) + row; }

  bool any_unit_steps(int64_t t, int64_t b) const { return !(s.hold_width == 1 && p.held(t, b, 0)); }

  void forward(int64_t t, int64_t b) {
    if (!p.present(t, b)) return;
    const int64_t at = t * s.B + b;
    for (int64_t k = 0; k < s.H; k++) {
      h_old[at * s.H + k] = r.h[b * s.H + k];
      c_old[at * s.H + k] = r.c[b * s.H + k];
    }
    for (int64_t j = 0; j < s.H && any_unit_steps(t, b); j++) {
      double* gate = &gates[at * 4 * s.H + j];
      for (int64_t g = 0; g < 4; g++) {
        const int64_t row = g * s.H + j;
        double sum = p.params[bias(row)];
        if (s.tokens) sum += p.params[ih(row, p.tokens[at])];
        for (int64_t i = 0; i < s.I && !s.tokens; i++) sum += p.params[ih(row, i)] * p.input[at * s.I + i];
        for (int64_t k = 0; k < s.H; k++) sum += p.params[hh(row, k)] * p.masked(t, b, k) * h_old[at * s.H + k];
        gate[g * s.H] = g == 2 ? std::tanh(sum) : logistic(sum);
      }
      const double c = gate[s.H] * c_old[at * s.H + j] + gate[0] * gate[2 * s.H];
      c_new[at * s.H + j] = c;
      if (p.held(t, b, j)) continue;
      r.c[b * s.H + j] = c;
      r.h[b * s.H + j] = gate[3 * s.H] * std::tanh(c);
    }
    for (int64_t j = 0; j < s.H; j++) r.output[at * s.H + j] = r.h[b * s.H + j];
  }

  void backward(int64_t t, int64_t b) {
    if (!p.present(t, b)) return;
    const int64_t at = t * s.B + b;
    Doubles d_pre(4 * s.H, 0);
    for (int64_t j = 0; j < s.H; j++) {
      double &dh = r.d_h0[b * s.H + j], &dc = r.d_c0[b * s.H + j];
      dh += p.d_output[at * s.H + j];
      if (p.held(t, b, j)) continue;
      const double* gate = &gates[at * 4 * s.H + j];
      const double i = gate[0], f = gate[s.H], g = gate[2 * s.H], o = gate[3 * s.H];
      const double tanh_c = std::tanh(c_new[at * s.H + j]);
      dc += dh * o * (1 - tanh_c * tanh_c);
      d_pre[j] = dc * g * i * (1 - i);
      d_pre[s.H + j] = dc * c_old[at * s.H + j] * f * (1 - f);
      d_pre[2 * s.H + j] = dc * i * (1 - g * g);
      d_pre[3 * s.H + j] = dh * tanh_c * o * (1 - o);
      dc *= f;
      dh = 0;
    }
    for (int64_t row = 0; row < 4 * s.H && any_unit_steps(t, b); row++) {
      const double d = d_pre[row];
      r.d_pre[at * 4 * s.H + row] = d;
      r.d_params[bias(row)] += d;
      if (s.tokens) r.d_params[ih(row, p.tokens[at])] += d;
      for (int64_t i = 0; i < s.I && !s.tokens; i++) {
        r.d_params[ih(row, i)] += d * p.input[at * s.I + i];
        r.d_input[at * s.I + i] += d * p.params[ih(row, i)];
      }
      for (int64_t k = 0; k < s.H; k++) {
        r.d_params[hh(row, k)] += d * p.masked(t, b, k) * h_old[at * s.H + k];
        r.d_h0[b * s.H + k] += d * p.params[hh(row, k)] * p.masked(t, b, k);
      }
    }
  }

  const LstmProblem& p;
  const LstmShape& s = p.shape;
  LstmResult& r;
  Doubles gates, h_old, c_old, c_new; /* of every (t, b) */
};

inline LstmResult solve(const LstmProblem& problem) {
  LstmResult result;
  LstmReference reference(problem, result);
  reference.forward();
  reference.backward();
  return result;
}

#endif
