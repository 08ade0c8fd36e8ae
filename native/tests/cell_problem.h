/* A case for the tests of cells: sizes, options and all numbers that go in. */
#ifndef RONDO_CELL_PROBLEM_H
#define RONDO_CELL_PROBLEM_H

#include <random>
#include <vector>

#include "cell_equations.h"

using Doubles = std::vector<double>;

/* Cell, sizes and options. */
struct CellCase {
  CellEquations cell = lstm_equations;
  int64_t T, B, I, H;
  bool reversed = false;
  bool tokens = false;
  bool lengths = false;
  int64_t hold_width = 0; /* 0 = no hold */
  bool mask = false;
  bool mask_per_step = false;
  bool initial = true;
  int64_t time_origin = 0;

  int64_t P() const { return cell.projection ? cell.projection : H; }
  int64_t width(int plane) const { return plane < cell.output_planes ? P() : H; }
  /* Groups of units: as many as the cell has, or as there are units; if the cell has none, one of all. */
  int64_t groups() const { return cell.groups() == 0 ? 1 : cell.groups() < H ? cell.groups() : H; }
  int64_t first_unit(int64_t group) const { return group * H / groups(); }
  int64_t group_of(int64_t unit) const {
    int64_t group = 0;
    while (first_unit(group + 1) <= unit) group++;
    return group;
  }
  /* The units whose states a weight row sees: those from where its group begins, or its own, or none. */
  int64_t first_seen(int64_t m) const {
    if (cell.most_seen > 0) return 5 * m % (H - sparsely_seen(m) + 1);
    return cell.state_columns == 1 ? m % H : first_unit(group_of(m % H));
  }
  int64_t end_seen(int64_t m) const {
    if (cell.most_seen > 0) return first_seen(m) + sparsely_seen(m);
    return cell.state_columns < 0 ? P() + (cell.sees_hidden ? H : 0) : first_seen(m) + cell.state_columns;
  }
  int64_t sparsely_seen(int64_t m) const { return 1 + m % cell.most_seen < H ? 1 + m % cell.most_seen : H; }
  /* Where weight row m begins in weight_hh. */
  int64_t state_weights(int64_t m) const {
    int64_t count = 0;
    for (int64_t row = 0; row < m; row++) count += end_seen(row) - first_seen(row);
    return count;
  }
  int64_t weight_rows() const { return cell.weight_gates * H; }
  int64_t rows() const { return cell.gates * H + (cell.own_outputs ? P() : 0); }
  int64_t params() const {
    const int64_t weights = weight_rows() * I + state_weights(weight_rows());
    return weights + rows() + (cell.own - cell.unbiased) * H + cell.projection * H;
  }

  std::string text() const {
    std::string s = cell.text() + " T=" + std::to_string(T) + " B=" + std::to_string(B) + " I=" + std::to_string(I);
    s += " H=" + std::to_string(H) + (reversed ? " reversed" : "") + (tokens ? " tokens" : "");
    s += std::string(lengths ? " lengths" : "") + (mask ? mask_per_step ? " mask per step" : " mask" : "");
    return s + (hold_width ? " hold " + std::to_string(hold_width) : "") + (initial ? "" : " no initial");
  }
};

/* All numbers of a case, dense. Input and output gradient are not-a-number where no step may look at them. */
struct CellProblem {
  CellCase shape;
  Doubles params, input, mask, d_output;
  std::vector<Doubles> initial, d_last; /* of each plane */
  std::vector<int32_t> tokens, lengths;
  std::vector<uint8_t> hold;

  bool present(int64_t t, int64_t b) const { return !shape.lengths || t < lengths[b]; }
  bool held(int64_t t, int64_t b, int64_t j) const {
    const int64_t width = shape.hold_width;
    return width != 0 && hold[(t * shape.B + b) * width + (width == 1 ? 0 : j)] != 0;
  }
  /* Whether a unit keeps its state at a step that its row takes: it is held, or its group's clock does not tick. */
  bool rests(int64_t t, int64_t b, int64_t j) const {
    const int64_t period = shape.cell.groups() == 0 ? 1 : shape.cell.periods[shape.group_of(j)];
    return held(t, b, j) || (shape.time_origin + t) % period != 0;
  }
  /* Whether a row takes the step, at least in part. */
  bool steps(int64_t t, int64_t b) const {
    return present(t, b) && !(shape.hold_width == 1 && held(t, b, 0));
  }
  double masked(int64_t t, int64_t b, int64_t j) const {
    if (!shape.mask) return 1;
    return mask[((shape.mask_per_step ? t * shape.B : 0) + b) * shape.P() + j];
  }
};

inline Doubles random_doubles(std::mt19937& random, int64_t count, double scale) {
  std::uniform_real_distribution<double> uniform(-scale, scale);
  Doubles values(count);
  // Rounded to float, so that both precisions see the same numbers.
  for (double& value : values) value = (float)uniform(random);
  return values;
}

inline CellProblem make_problem(const CellCase& s, unsigned seed) {
  std::mt19937 random(seed);
  CellProblem p;
  p.shape = s;
  p.params = random_doubles(random, s.params(), 1.5 / std::sqrt((double)(s.tokens ? s.H : s.H + s.I)));
  p.input = random_doubles(random, s.T * s.B * s.I, 1);
  p.mask = random_doubles(random, (s.mask_per_step ? s.T : 1) * s.B * s.P(), 2);
  p.d_output = random_doubles(random, s.T * s.B * s.P(), 1);
  for (int plane = 0; plane < s.cell.planes; plane++) {
    const double scale = plane == 0 ? 0.9 : 2;
    p.initial.push_back(random_doubles(random, s.B * s.width(plane), s.initial ? scale : 0));
    p.d_last.push_back(random_doubles(random, s.B * s.width(plane), 1));
  }
  for (int64_t i = 0; i < s.T * s.B; i++) p.tokens.push_back((int32_t)(random() % s.I));
  for (int64_t b = 0; b < s.B; b++) p.lengths.push_back((int32_t)(random() % (s.T + 1)));
  for (int64_t i = 0; i < s.T * s.B * s.hold_width; i++) p.hold.push_back(random() % 3 == 0);
  for (int64_t t = 0; t < s.T; t++) {
    for (int64_t b = 0; b < s.B; b++) {
      for (int64_t i = 0; i < s.I && !p.steps(t, b); i++) p.input[(t * s.B + b) * s.I + i] = NAN;
      for (int64_t j = 0; j < s.P() && !p.present(t, b); j++) p.d_output[(t * s.B + b) * s.P() + j] = NAN;
    }
  }
  return p;
}

#endif
