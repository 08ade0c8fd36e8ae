/* What passes must keep among themselves: streaming, accumulation, absent parts, changed weights, derivatives. */
#include <algorithm>
#include <cmath>

#include "cell_library.h"

namespace {

CellCase ragged(const CellEquations& cell) {
  return {.cell = cell, .T = 7, .B = 4, .I = 10, .H = 21, .lengths = true};
}

template <class Real>
Doubles doubles(Guarded<Real>& values, int64_t count) {
  return Doubles(values.data(), values.data() + count);
}

/* T passes of one step, the state in one piece of memory, give what one pass of T steps gives. */
template <class Real>
void streaming_equals_sequence(const CellEquations& cell, int64_t B, int isa) {
  const CellProblem problem = make_problem({.cell = cell, .T = 9, .B = B, .I = 6, .H = 35}, 11);
  const CellCase& s = problem.shape;
  const CellResult expected = solve(problem);
  CellRun<Real> run(problem);
  const Plan plan = make_plan<Real>({.cell = cell, .T = 1, .B = B, .I = s.I, .H = s.H}, isa);
  rondo_pass step = run.pass;
  step.time_steps = 1;
  for (int64_t t = 0; t < s.T; t++) {
    for (int p = 0; p < cell.planes && t > 0; p++) step.initial[p] = step.last[p];
    step.dense_input = run.input.data() + t * B * run.input.stride();
    step.output = run.output.data() + t * B * run.output.stride();
    step.flags = t == 0 ? 0 : RONDO_PARAMS_UNCHANGED;
    step.time_origin = s.time_origin + t;
    CHECK(rondo_forward(plan.get(), &step) == RONDO_OK);
  }
  CHECK_AS(run.forward_error(expected) <= (sizeof(Real) == 4 ? 1e-5 : 1e-13), s.text());
  CHECK(run.guards_intact());
}

/* Backward adds to the parameters' gradients, and to the input's when asked; the state's may lie in one place. */
void gradients_accumulate(const CellEquations& cell) {
  const CellCase shape = ragged(cell);
  const CellProblem problem = make_problem(shape, 12);
  CellResult expected = solve(problem);
  CellRun<double> run(problem);
  const Plan plan = make_plan<double>(shape);
  Cache cache(plan.get(), shape.T, shape.B);
  run.pass.cache = cache.data();
  run.gradients.input_accumulate = 1;
  run.d_params.fill(3);
  run.d_input.fill(-2);
  for (int p = 0; p < cell.planes; p++) run.gradients.initial[p] = run.d_last[p].data();
  CHECK(rondo_forward(plan.get(), &run.pass) == RONDO_OK);
  CHECK(rondo_backward(plan.get(), &run.pass, &run.gradients) == RONDO_OK);
  for (double& value : expected.d_params) value += 3;
  for (double& value : expected.d_input) value -= 2;
  CHECK(run.d_params.error(expected.d_params) < 1e-13);
  CHECK(run.d_input.error(expected.d_input) < 1e-13);
  CHECK(run.error(run.d_last, expected.d_initial) < 1e-13);
}

/* Each part that may be absent is left out in turn: the others do not change, and an absent gradient counts as zero. */
void parts_may_be_absent(const CellEquations& cell) {
  const CellCase shape = ragged(cell);
  CellProblem problem = make_problem(shape, 13);
  const CellResult whole = solve(problem);
  const Plan plan = make_plan<double>(shape);
  for (int absent = 0; absent < 6; absent++) {
    CellRun<double> run(problem);
    Cache cache(plan.get(), shape.T, shape.B);
    run.pass.cache = cache.data();
    if (absent == 0) run.pass.output = nullptr;
    if (absent == 1) std::fill_n(run.pass.last, cell.planes, nullptr);
    if (absent == 2) run.gradients.params = nullptr;
    if (absent == 3) run.gradients.input = nullptr;
    if (absent == 4) std::fill_n(run.gradients.initial, cell.planes, nullptr);
    if (absent == 5) run.gradients.pre_activations = nullptr;
    CHECK(rondo_forward(plan.get(), &run.pass) == RONDO_OK);
    CHECK(rondo_backward(plan.get(), &run.pass, &run.gradients) == RONDO_OK);
    if (absent != 0) CHECK(run.output.error(whole.output) < 1e-13);
    if (absent != 1) CHECK(run.error(run.last, whole.last) < 1e-13);
    if (absent != 2) CHECK(run.d_params.error(whole.d_params) < 1e-13);
    if (absent != 3) CHECK(run.d_input.error(whole.d_input) < 1e-13);
    if (absent != 4) CHECK(run.error(run.d_initial, whole.d_initial) < 1e-13);
    if (absent != 5) CHECK(run.d_pre.error(whole.d_pre) < 1e-13);
  }
  CellRun<double> run(problem);
  Cache cache(plan.get(), shape.T, shape.B);
  run.pass.cache = cache.data();
  run.gradients.output = nullptr;
  run.gradients.last[cell.planes - 1] = nullptr;
  for (double& value : problem.d_output) value = 0;
  for (double& value : problem.d_last.back()) value = 0;
  CHECK(rondo_forward(plan.get(), &run.pass) == RONDO_OK);
  CHECK(rondo_backward(plan.get(), &run.pass, &run.gradients) == RONDO_OK);
  CHECK(run.backward_error(solve(problem)) < 1e-13);
}

/* All lengths 0: the state stays, outputs are zero, gradients pass by. */
void nothing_steps(const CellEquations& cell) {
  const CellCase shape = ragged(cell);
  CellProblem problem = make_problem(shape, 14);
  for (int32_t& length : problem.lengths) length = 0;
  for (double& value : problem.input) value = NAN;
  const CellResult expected = solve(problem);
  const Plan plan = make_plan<float>(shape);
  CellRun<float> run(problem);
  Cache cache(plan.get(), shape.T, shape.B);
  run.pass.cache = cache.data();
  CHECK(rondo_forward(plan.get(), &run.pass) == RONDO_OK);
  CHECK(rondo_backward(plan.get(), &run.pass, &run.gradients) == RONDO_OK);
  CHECK(run.forward_error(expected) == 0 && run.backward_error(expected) == 0);
}

/* Weights are packed anew unless the caller says that they are unchanged, whatever the plan did with them before. */
void changed_weights_are_seen(const CellEquations& cell, int64_t T) {
  const CellCase shape = {.cell = cell, .T = T, .B = 2, .I = 8, .H = 16};
  const Plan plan = make_plan<double>(shape);
  for (unsigned seed = 20; seed < 23; seed++) {
    const CellProblem problem = make_problem(shape, seed);
    const CellResult expected = solve(problem);
    for (int repeat = 0; repeat < 3; repeat++) {
      CellRun<double> run(problem);
      Cache cache(plan.get(), T, shape.B);
      run.pass.cache = cache.data();
      run.pass.flags = repeat == 0 ? 0 : RONDO_PARAMS_UNCHANGED;
      CHECK(rondo_forward(plan.get(), &run.pass) == RONDO_OK);
      run.pass.flags = RONDO_PARAMS_UNCHANGED;
      CHECK(rondo_backward(plan.get(), &run.pass, &run.gradients) == RONDO_OK);
      CHECK(run.forward_error(expected) < 1e-13 && run.backward_error(expected) < 1e-13);
    }
  }
}

/* One backward per forward, of the same sizes, direction and time. */
void cache_is_consumed(const CellEquations& cell) {
  const CellCase shape = ragged(cell);
  const CellProblem problem = make_problem(shape, 15);
  const Plan plan = make_plan<float>(shape);
  CellRun<float> run(problem);
  Cache cache(plan.get(), shape.T, shape.B);
  run.pass.cache = cache.data();
  CHECK(rondo_backward(plan.get(), &run.pass, &run.gradients) == RONDO_BAD_ARGUMENT);
  CHECK(rondo_forward(plan.get(), &run.pass) == RONDO_OK);
  run.pass.flags = RONDO_REVERSED;
  CHECK(rondo_backward(plan.get(), &run.pass, &run.gradients) == RONDO_BAD_ARGUMENT);
  run.pass.flags = 0;
  run.pass.time_origin++;
  CHECK(rondo_backward(plan.get(), &run.pass, &run.gradients) == RONDO_BAD_ARGUMENT);
  run.pass.time_origin--;
  CHECK(rondo_backward(plan.get(), &run.pass, &run.gradients) == RONDO_OK);
  CHECK(rondo_backward(plan.get(), &run.pass, &run.gradients) == RONDO_BAD_ARGUMENT);
}

/* Threads share a few batch rows by units, more by rows, and parameters by rows of the weights: the same sums. */
void threads_change_nothing(const CellEquations& cell, int64_t B) {
  CellCase shape = {.cell = cell, .T = 30, .B = B, .I = 65, .H = 97, .reversed = true, .lengths = true, .mask = true};
  const CellProblem problem = make_problem(shape, 17);
  std::vector<Doubles> one;
  for (int threads = 1; threads <= 3; threads++) {
    const Plan plan = make_plan<float>(shape, -1, threads);
    CellRun<float> run(problem);
    Cache cache(plan.get(), shape.T, B);
    run.pass.cache = cache.data();
    CHECK(rondo_forward(plan.get(), &run.pass) == RONDO_OK);
    CHECK(rondo_backward(plan.get(), &run.pass, &run.gradients) == RONDO_OK);
    std::vector<Doubles> all;
    for (Guarded<float>* part : {&run.output, &run.d_params, &run.d_input, &run.d_pre}) all.push_back(part->dense());
    for (Guarded<float>& plane : run.last) all.push_back(plane.dense());
    for (Guarded<float>& plane : run.d_initial) all.push_back(plane.dense());
    if (threads == 1) one = all;
    CHECK_AS(all == one, shape.text());
  }
}

/* What a unit gets that no other reads is its own, whatever the gradients of others are. */
template <class Real>
void unread_units_get_nothing(int isa) {
  constexpr int64_t H = 40;
  std::vector<int64_t> row_starts;
  std::vector<int32_t> columns;
  for (int32_t r = 0; r <= H; r++) row_starts.push_back(r);
  for (int32_t r = 0; r < H; r++) columns.push_back(r - r % 2);  // the odd ones are read by nobody
  const double settings[] = {0.5, 0.5};
  rondo_plan_options options = {};
  options.size = sizeof options;
  options.cell = rondo_find_cell("reservoir");
  options.precision = sizeof(Real) * 8;
  options.threads = options.time_steps = options.batch_size = options.input_size = 1;
  options.isa = isa;
  options.hidden_size = H;
  options.setting_count = 2;
  options.settings = settings;
  options.connections = H;
  options.row_starts = row_starts.data();
  options.columns = columns.data();
  rondo_plan* plan = nullptr;
  CHECK(rondo_plan_create(&options, &plan) == RONDO_OK);
  const Plan owner(plan);
  const std::vector<Real> params(3 * H, (Real)0.5), input(1, (Real)1);
  std::vector<Real> d_output(H, (Real)1), d_initial(H), d_params(3 * H);
  d_output[0] = (Real)NAN;
  Cache cache(plan, 1, 1);
  rondo_pass pass = {};
  pass.size = sizeof pass;
  pass.time_steps = pass.batch_size = pass.input_stride = 1;
  pass.params = params.data();
  pass.dense_input = input.data();
  pass.cache = cache.data();
  rondo_gradients gradients = {};
  gradients.size = sizeof gradients;
  gradients.output = d_output.data();
  gradients.output_stride = H;
  gradients.params = d_params.data();
  gradients.initial[0] = d_initial.data();
  CHECK(rondo_forward(plan, &pass) == RONDO_OK);
  CHECK(rondo_backward(plan, &pass, &gradients) == RONDO_OK);
  CHECK(std::isnan(d_initial[0]));
  for (int64_t j = 1; j < H; j++) CHECK(j % 2 ? d_initial[j] == (Real)0.5 : std::isfinite(d_initial[j]));
}

/*
 * Clockwork whose groups all move at every step is Elman with weights of zero where a group would see faster ones; the
 * sums are the same but for these zeros.
 */
void clockwork_of_period_one_is_elman() {
  const CellEquations elman = all_cells[0];
  const CellEquations clockwork = with_periods(simple_equations<std::tanh, slope_of_tanh>("clockwork", 0, nullptr),
                                               1, 1, 1, 1);
  const CellCase shape = {.cell = clockwork, .T = 12, .B = 9, .I = 7, .H = 50};
  const CellProblem problem = make_problem(shape, 18);
  CellProblem dense = problem;
  dense.shape.cell = elman;
  dense.params.assign(dense.shape.params(), 0);
  const int64_t in = shape.H * shape.I;
  std::copy_n(problem.params.begin(), in, dense.params.begin());
  std::copy_n(problem.params.end() - shape.H, shape.H, dense.params.end() - shape.H);
  for (int64_t m = 0; m < shape.H; m++) {
    const int64_t first = shape.first_seen(m);
    std::copy_n(problem.params.begin() + in + shape.state_weights(m), shape.H - first,
                dense.params.begin() + in + m * shape.H + first);
  }
  const CellResult expected = solve(dense);
  const Plan plan = make_plan<double>(shape);
  CellRun<double> run(problem);
  Cache cache(plan.get(), shape.T, shape.B);
  run.pass.cache = cache.data();
  CHECK(rondo_forward(plan.get(), &run.pass) == RONDO_OK);
  CHECK(rondo_backward(plan.get(), &run.pass, &run.gradients) == RONDO_OK);
  CHECK(run.forward_error(expected) < 1e-13 && run.d_input.error(expected.d_input) < 1e-13);
  CHECK(run.d_pre.error(expected.d_pre) < 1e-13 && run.error(run.d_initial, expected.d_initial) < 1e-13);
}

/* What the gradients are the derivatives of. */
double loss_of(const CellProblem& p, rondo_plan* plan) {
  CellRun<double> run(p);
  CHECK(rondo_forward(plan, &run.pass) == RONDO_OK);
  double loss = 0;
  for (int64_t row = 0; row < p.shape.T * p.shape.B; row++) {
    for (int64_t j = 0; j < p.shape.P() && p.present(row / p.shape.B, row % p.shape.B); j++) {
      loss += p.d_output[row * p.shape.P() + j] * run.output.data()[row * run.output.stride() + j];
    }
  }
  for (size_t plane = 0; plane < p.d_last.size(); plane++) {
    for (size_t i = 0; i < p.d_last[plane].size(); i++) loss += p.d_last[plane][i] * run.last[plane].data()[i];
  }
  return loss;
}

/* Central differences over every number of `values`, a part of `problem`. */
void check_derivatives(CellProblem& problem, Doubles& values, const Doubles& gradients, rondo_plan* plan) {
  const double step = 1e-5;
  Doubles numeric;
  for (double& value : values) {
    const double kept = value;
    value = kept + step;
    const double above = loss_of(problem, plan);
    value = kept - step;
    numeric.push_back((above - loss_of(problem, plan)) / (2 * step));
    value = kept;
  }
  // The differences are off by about step^2 + eps / step.
  CHECK_AS(relative_error(gradients.data(), numeric.data(), (int64_t)numeric.size()) < 1e-8, problem.shape.text());
}

void gradients_are_derivatives(const CellEquations& cell) {
  for (int options = 0; options < 32; options++) {
    CellCase s = {.cell = cell, .T = 4, .B = 3, .I = 3, .H = 5};
    s.reversed = options & 1;
    s.tokens = options & 2;
    s.lengths = options & 4;
    s.mask = options & 8;
    s.hold_width = options & 16 ? cell.projection ? 1 : s.H : 0;
    CellProblem problem = make_problem(s, 16);
    const Plan plan = make_plan<double>(s);
    CellRun<double> run(problem);
    Cache cache(plan.get(), s.T, s.B);
    run.pass.cache = cache.data();
    CHECK(rondo_forward(plan.get(), &run.pass) == RONDO_OK);
    CHECK(rondo_backward(plan.get(), &run.pass, &run.gradients) == RONDO_OK);
    check_derivatives(problem, problem.params, doubles(run.d_params, (int64_t)problem.params.size()), plan.get());
    for (int p = 0; p < cell.planes; p++) {
      check_derivatives(problem, problem.initial[p], doubles(run.d_initial[p], s.B * s.width(p)), plan.get());
    }
    if (s.tokens || s.lengths) continue;
    Doubles d_input;
    for (int64_t i = 0; i < s.T * s.B * s.I; i++) {
      d_input.push_back(run.d_input.data()[i / s.I * run.d_input.stride() + i % s.I]);
    }
    check_derivatives(problem, problem.input, d_input, plan.get());
  }
}

}  // namespace

int main() {
  for (const CellEquations& cell : all_cells) {
    for (int isa = 0; isa <= rondo_isa(); isa++) {
      for (const int64_t B : {1, 2, 20}) {
        streaming_equals_sequence<float>(cell, B, isa);
        streaming_equals_sequence<double>(cell, B, isa);
      }
    }
    gradients_accumulate(cell);
    parts_may_be_absent(cell);
    nothing_steps(cell);
    changed_weights_are_seen(cell, 1);
    changed_weights_are_seen(cell, 10);
    cache_is_consumed(cell);
    gradients_are_derivatives(cell);
    threads_change_nothing(cell, 7);
    threads_change_nothing(cell, 40);
  }
  for (const CellEquations& cell : whole_row_cells) {
    cache_is_consumed(cell);
    gradients_are_derivatives(cell);
    threads_change_nothing(cell, 7);
    threads_change_nothing(cell, 40);
  }
  for (int isa = 0; isa <= rondo_isa(); isa++) {
    unread_units_get_nothing<float>(isa);
    unread_units_get_nothing<double>(isa);
  }
  clockwork_of_period_one_is_elman();
  return report("cell properties");
}
