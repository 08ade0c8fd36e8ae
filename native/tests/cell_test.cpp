/* Every cell of every tier and precision against plain loops in double, for all that a pass may carry. */
#include <cmath>
#include <cstdlib>

#include "cell_library.h"

namespace {

/*
 * A sum of n terms is off by a few eps log2(n) of its size; the activations add their stated error; backward goes
 * through everything twice.
 */
template <class Real>
double tolerance(const CellCase& s, bool backward) {
  const double eps = sizeof(Real) == 4 ? 0x1p-24 : 0x1p-53;
  const double activation = sizeof(Real) == 4 ? 2.5e-7 : 1e-15;
  const double terms = (double)((s.I + 4 * s.H) * s.T * s.B);
  return 4 * (backward ? 2 : 1) * (std::ceil(std::log2(terms + 1)) * eps + activation);
}

template <class Real>
std::string name_of(const CellCase& s, int isa, int threads) {
  return s.text() + " float" + std::to_string(8 * sizeof(Real)) + " tier " + std::to_string(isa) + " threads " +
         std::to_string(threads);
}

template <class Real>
void compare(const CellProblem& problem, const CellResult& expected, int isa, int threads) {
  const CellCase& s = problem.shape;
  const std::string name = name_of<Real>(s, isa, threads);
  CellCase largest = s;
  largest.T += 2;
  largest.B += 1;
  const Plan plan = make_plan<Real>(largest, isa, threads);
  CHECK(rondo_plan_isa(plan.get()) == isa);

  CellRun<Real> inference(problem);
  CHECK(rondo_forward(plan.get(), &inference.pass) == RONDO_OK);
  CHECK_AS(inference.forward_error(expected) <= tolerance<Real>(s, false), name);

  CellRun<Real> training(problem);
  Cache cache(plan.get(), s.T, s.B);
  training.pass.cache = cache.data();
  CHECK(rondo_forward(plan.get(), &training.pass) == RONDO_OK);
  CHECK_AS(training.forward_error(expected) <= tolerance<Real>(s, false), name);
  CHECK(rondo_backward(plan.get(), &training.pass, &training.gradients) == RONDO_OK);
  CHECK_AS(training.backward_error(expected) <= tolerance<Real>(s, true),
           name + " error " + std::to_string(training.backward_error(expected) / tolerance<Real>(s, true)));
  CHECK_AS(inference.guards_intact() && training.guards_intact() && cache.guards_intact(), name);
}

/* Whose rounding cannot move a pre-activation across a kink of its gate. */
CellProblem make_problem_off_kinks(const CellCase& shape) {
  unsigned seed = 7;
  CellProblem problem = make_problem(shape, seed);
  while (shape.cell.to_kink && solve(problem).nearest_to_kink < 1e-5) problem = make_problem(shape, ++seed);
  return problem;
}

/* By one thread, and by two or three in turn. */
void compare_everywhere(const CellCase& shape) {
  static int several = 2;
  several = 5 - several;
  const CellProblem problem = make_problem_off_kinks(shape);
  const CellResult expected = solve(problem);
  for (int isa = 0; isa <= rondo_isa(); isa++) {
    for (const int threads : {1, several}) {
      compare<float>(problem, expected, isa, threads);
      compare<double>(problem, expected, isa, threads);
    }
  }
}

void shapes_and_options(const CellEquations& cell) {
  for (const int64_t H : {1, 3, 8, 37}) {
    for (const int64_t I : {1, 5, 37}) {
      compare_everywhere({.cell = cell, .T = 4, .B = 3, .I = I, .H = H});
    }
  }
  for (int options = 0; options < 64; options++) {
    CellCase s = {.cell = cell, .T = 6, .B = 5, .I = 9, .H = 19};
    s.reversed = options & 1;
    s.tokens = options & 2;
    s.lengths = options & 4;
    s.hold_width = options & 8 ? options & 16 && !cell.projection ? s.H : 1 : 0;
    s.mask = options & 32;
    s.mask_per_step = s.mask && options & 16;
    s.initial = options % 3 != 0;
    s.time_origin = options % 5 * 7 - 9;
    compare_everywhere(s);
    s.B = 13;  // two tiles and more: the input's product is part of the step
    compare_everywhere(s);
  }
  // The same with a state that is deeper than a block.
  if (cell.name == std::string("elman")) compare_everywhere({.cell = cell, .T = 3, .B = 13, .I = 9, .H = 300});
  // Sparse weights of several windows, which threads share; by streams one by one, and side by side.
  for (int64_t B = 1; cell.most_seen > 0 && B < 14; B += 12) {
    compare_everywhere({.cell = cell, .T = 3, .B = B, .I = 2, .H = 700, .lengths = B > 1});
    compare_everywhere({.cell = cell, .T = 3, .B = B, .I = 2, .H = 300, .reversed = true, .initial = B == 1});
    compare_everywhere({.cell = cell, .T = 3, .B = B + 20, .I = 11, .H = 35});  // more inputs than are few
  }
  // Columns of more than 16 bits. Among so many units one is always near a kink, if there is one.
  if (cell.most_seen > 0 && !cell.to_kink) {
    compare_everywhere({.cell = cell, .T = 2, .B = 1, .I = 1, .H = 66000});
  }
  compare_everywhere({.cell = cell, .T = 1, .B = 1, .I = 1, .H = 1});
  compare_everywhere({.cell = cell, .T = 1, .B = 1, .I = 3, .H = 200});
  compare_everywhere({.cell = cell, .T = 3, .B = 17, .I = 200, .H = 64});
  // Longer than a chunk of inference, and than a block of the sum over all steps.
  compare_everywhere({.cell = cell, .T = 9, .B = 8, .I = 64, .H = 128, .reversed = true, .lengths = true});
  compare_everywhere({.cell = cell, .T = 90, .B = 7, .I = 6, .H = 33, .lengths = true});
  compare_everywhere({.cell = cell, .T = 90, .B = 7, .I = 6, .H = 33, .reversed = true, .hold_width = 1});
  // A scan over several chunks of both passes.
  if (cell.state_columns < 0) return;
  compare_everywhere({.cell = cell, .T = 1000, .B = 2, .I = 3, .H = 33, .lengths = true, .hold_width = 33});
  compare_everywhere({.cell = cell, .T = 1000, .B = 1, .I = 3, .H = 33, .reversed = true, .hold_width = 1});
}

}  // namespace

/* cell_test [part parts]: all cells, or those of one of several parts, which run side by side. */
int main(int count, char** arguments) {
  const int part = count > 2 ? std::atoi(arguments[1]) : 0;
  const int parts = count > 2 ? std::atoi(arguments[2]) : 1;
  int number = 0;
  for (const CellEquations& cell : all_cells) {
    if (number++ % parts == part) shapes_and_options(cell);
  }
  return report("cells");
}
