/* The C ABI's manners: what it refuses, and what it says. */
#include <cstring>

#include "cell_library.h"

namespace {

void set_cell(rondo_plan_options& options, const CellEquations& cell) {
  options.cell = rondo_find_cell(cell.name);
  options.variant = cell.variant;
  options.setting_count = cell.setting_count;
  options.settings = cell.setting_count ? cell.settings : nullptr;
}

rondo_plan_options good_options() {
  rondo_plan_options options = {};
  options.size = sizeof options;
  set_cell(options, lstm_equations);
  options.precision = 32;
  options.threads = 1;
  options.isa = -1;
  options.time_steps = 4;
  options.batch_size = 3;
  options.input_size = 5;
  options.hidden_size = 6;
  return options;
}

template <class Change>
int32_t create_with(Change change) {
  rondo_plan_options options = good_options();
  change(options);
  rondo_plan* plan = nullptr;
  const int32_t status = rondo_plan_create(&options, &plan);
  CHECK((status == RONDO_OK) == (plan != nullptr));
  rondo_plan_free(plan);
  return status;
}

void plans() {
  using Options = rondo_plan_options;
  CHECK(create_with([](Options&) {}) == RONDO_OK);
  CHECK(create_with([](Options& o) { o.size--; }) == RONDO_BAD_ARGUMENT);
  CHECK(create_with([](Options& o) { o.threads = 0; }) == RONDO_BAD_ARGUMENT);
  CHECK(create_with([](Options& o) { o.isa = 3; }) == RONDO_BAD_ARGUMENT);
  CHECK(create_with([](Options& o) { o.time_steps = 0; }) == RONDO_BAD_ARGUMENT);
  CHECK(create_with([](Options& o) { o.batch_size = -1; }) == RONDO_BAD_ARGUMENT);
  CHECK(create_with([](Options& o) { o.hidden_size = 1ll << 40; }) == RONDO_BAD_ARGUMENT);
  CHECK(create_with([](Options& o) { o.time_steps = o.batch_size = 1 << 16; }) == RONDO_BAD_ARGUMENT);
  CHECK(create_with([](Options& o) { o.precision = 16; }) == RONDO_UNSUPPORTED);
  CHECK(create_with([](Options& o) { o.cell = 99; }) == RONDO_UNSUPPORTED);
  CHECK(create_with([](Options& o) { o.cell = -1; }) == RONDO_UNSUPPORTED);
  CHECK(create_with([](Options& o) { o.variant = 2 + 8; }) == RONDO_UNSUPPORTED);
  CHECK(create_with([](Options& o) { o.variant = -1; }) == RONDO_UNSUPPORTED);
  CHECK(create_with([](Options& o) { o.setting_count = 1; }) == RONDO_UNSUPPORTED);
  CHECK(create_with([](Options& o) { o.setting_count = 0; }) == RONDO_BAD_ARGUMENT);
  CHECK(create_with([](Options& o) { o.settings = nullptr; }) == RONDO_BAD_ARGUMENT);
  static const double not_above_zero[][2] = {{0, 1}, {1, -1}, {NAN, 1}};
  for (const double* settings : not_above_zero) {
    CHECK(create_with([settings](Options& o) { o.settings = settings; }) == RONDO_UNSUPPORTED);
  }
  for (const CellEquations& cell : all_cells) {
    if (cell.groups() > 0) continue;
    CHECK_AS(create_with([&cell](Options& o) { set_cell(o, cell); }) == RONDO_OK, cell.text());
    const auto no_variant = [&cell](Options& o) { set_cell(o, cell), o.variant = 1 << 20; };
    CHECK_AS(create_with(no_variant) == RONDO_UNSUPPORTED, cell.text());
  }
  CHECK(create_with([](Options& o) { o.hidden_size = o.input_size = 2000000000; }) == RONDO_OUT_OF_MEMORY);
  rondo_plan_options options = good_options();
  CHECK(rondo_plan_create(&options, nullptr) == RONDO_BAD_ARGUMENT);
  rondo_plan* plan = nullptr;
  CHECK(rondo_plan_create(nullptr, &plan) == RONDO_BAD_ARGUMENT);
  rondo_plan_free(nullptr);
}

void groups_of_units() {
  using Options = rondo_plan_options;
  static const int64_t sizes[] = {1, 2, 3}, periods[] = {1, 4, 4}, too_many[] = {1, 2, 4}, zeros[] = {0, 3, 3};
  const auto create = [](auto change) {
    return create_with([&](Options& o) {
      o.cell = rondo_find_cell("clockwork");
      o.setting_count = 0, o.settings = nullptr;
      o.groups = 3, o.group_sizes = sizes, o.group_periods = periods;
      change(o);
    });
  };
  CHECK(create([](Options&) {}) == RONDO_OK);
  CHECK(create([](Options& o) { o.variant = 2; }) == RONDO_OK);
  CHECK(create([](Options& o) { o.variant = 3; }) == RONDO_UNSUPPORTED);
  CHECK(create([](Options& o) { o.groups = 0; }) == RONDO_BAD_ARGUMENT);
  CHECK(create([](Options& o) { o.groups = 2; }) == RONDO_BAD_ARGUMENT);
  CHECK(create([](Options& o) { o.group_sizes = nullptr; }) == RONDO_BAD_ARGUMENT);
  CHECK(create([](Options& o) { o.group_periods = nullptr; }) == RONDO_BAD_ARGUMENT);
  CHECK(create([](Options& o) { o.group_sizes = too_many; }) == RONDO_BAD_ARGUMENT);
  CHECK(create([](Options& o) { o.group_sizes = zeros; }) == RONDO_BAD_ARGUMENT);
  CHECK(create([](Options& o) { o.group_periods = zeros; }) == RONDO_BAD_ARGUMENT);
  CHECK(create([](Options& o) { o.cell = rondo_find_cell("elman"); }) == RONDO_BAD_ARGUMENT);
}

void connections() {
  using Options = rondo_plan_options;
  static const int64_t starts[] = {0, 1, 1, 2, 2, 3, 4}, late[] = {1, 1, 1, 2, 2, 3, 4};
  static const int64_t falling[] = {0, 2, 1, 2, 2, 3, 4};
  static const int32_t columns[] = {5, 0, 3, 2}, beyond[] = {5, 0, 3, 6}, negative[] = {5, 0, -1, 2};
  static const double settings[] = {0.5, 0.5};
  const auto create = [](auto change) {
    return create_with([&](Options& o) {
      o.cell = rondo_find_cell("reservoir");
      o.hidden_size = 6;
      o.setting_count = 2, o.settings = settings;
      o.connections = 4, o.row_starts = starts, o.columns = columns;
      change(o);
    });
  };
  CHECK(create([](Options&) {}) == RONDO_OK);
  CHECK(create([](Options& o) { o.connections = 0; }) == RONDO_OK);
  CHECK(create([](Options& o) { o.variant = 3; }) == RONDO_UNSUPPORTED);
  CHECK(create([](Options& o) { o.setting_count = 1; }) == RONDO_UNSUPPORTED);
  CHECK(create([](Options& o) { o.connections = 3; }) == RONDO_BAD_ARGUMENT);
  CHECK(create([](Options& o) { o.connections = -1; }) == RONDO_BAD_ARGUMENT);
  CHECK(create([](Options& o) { o.row_starts = nullptr; }) == RONDO_BAD_ARGUMENT);
  CHECK(create([](Options& o) { o.row_starts = late; }) == RONDO_BAD_ARGUMENT);
  CHECK(create([](Options& o) { o.row_starts = falling; }) == RONDO_BAD_ARGUMENT);
  CHECK(create([](Options& o) { o.columns = nullptr; }) == RONDO_BAD_ARGUMENT);
  CHECK(create([](Options& o) { o.columns = beyond; }) == RONDO_BAD_ARGUMENT);
  CHECK(create([](Options& o) { o.columns = negative; }) == RONDO_BAD_ARGUMENT);
  const auto elman = [](Options& o) { o.cell = rondo_find_cell("elman"), o.setting_count = 0, o.settings = nullptr; };
  CHECK(create(elman) == RONDO_BAD_ARGUMENT);
}

template <class Change>
int32_t forward_with(Change change) {
  const CellCase shape = {.T = 4, .B = 3, .I = 5, .H = 6, .lengths = true};
  const CellProblem problem = make_problem(shape, 1);
  const Plan plan = make_plan<float>(shape);
  CellRun<float> run(problem);
  change(run.pass);
  return rondo_forward(plan.get(), &run.pass);
}

void passes() {
  using Pass = rondo_pass;
  static const int32_t tokens[] = {0, 1, 2, 3, 4, 0, 1, 2, 3, 4, 0, 5};
  static const int32_t long_lengths[] = {4, 4, 5}, negative_lengths[] = {4, -1, 4}, full_lengths[] = {4, 4, 4};
  static const int32_t short_lengths[] = {4, 4, 3};
  static const uint8_t hold[4 * 3 * 6] = {};
  CHECK(forward_with([](Pass&) {}) == RONDO_OK);
  CHECK(forward_with([](Pass& p) { p.size = 0; }) == RONDO_BAD_ARGUMENT);
  CHECK(forward_with([](Pass& p) { p.time_steps = 5; }) == RONDO_BAD_ARGUMENT);
  CHECK(forward_with([](Pass& p) { p.batch_size = 4; }) == RONDO_BAD_ARGUMENT);
  CHECK(forward_with([](Pass& p) { p.batch_size = 0; }) == RONDO_BAD_ARGUMENT);
  CHECK(forward_with([](Pass& p) { p.params = nullptr; }) == RONDO_BAD_ARGUMENT);
  CHECK(forward_with([](Pass& p) { p.dense_input = nullptr; }) == RONDO_BAD_ARGUMENT);
  CHECK(forward_with([](Pass& p) { p.tokens = tokens; }) == RONDO_BAD_ARGUMENT);
  CHECK(forward_with([](Pass& p) { p.input_stride = 4; }) == RONDO_BAD_ARGUMENT);
  CHECK(forward_with([](Pass& p) { p.output_stride = 5; }) == RONDO_BAD_ARGUMENT);
  CHECK(forward_with([](Pass& p) { p.lengths = long_lengths; }) == RONDO_BAD_ARGUMENT);
  CHECK(forward_with([](Pass& p) { p.lengths = negative_lengths; }) == RONDO_BAD_ARGUMENT);
  CHECK(forward_with([](Pass& p) { p.hold = hold, p.hold_width = 2; }) == RONDO_BAD_ARGUMENT);
  CHECK(forward_with([](Pass& p) { p.recurrent_mask = p.params, p.mask_step = 7; }) == RONDO_BAD_ARGUMENT);
  CHECK(forward_with([](Pass& p) { p.cache = (char*)64 + 1; }) == RONDO_BAD_ARGUMENT);
  // The token that is out of range counts only where a step is taken.
  const auto with_tokens = [](const int32_t* lengths) {
    return [lengths](Pass& p) { p.dense_input = nullptr, p.tokens = tokens, p.lengths = lengths; };
  };
  CHECK(forward_with(with_tokens(full_lengths)) == RONDO_BAD_ARGUMENT);
  CHECK(forward_with(with_tokens(short_lengths)) == RONDO_OK);
}

void gradients() {
  const CellCase shape = {.T = 4, .B = 3, .I = 5, .H = 6, .tokens = true};
  const CellProblem problem = make_problem(shape, 1);
  const Plan plan = make_plan<float>(shape);
  CellRun<float> run(problem);
  CHECK(rondo_backward(plan.get(), &run.pass, &run.gradients) == RONDO_BAD_ARGUMENT);  // no cache
  Cache cache(plan.get(), shape.T, shape.B);
  run.pass.cache = cache.data();
  CHECK(rondo_forward(plan.get(), &run.pass) == RONDO_OK);
  rondo_gradients changed = run.gradients;
  changed.size = 8;
  CHECK(rondo_backward(plan.get(), &run.pass, &changed) == RONDO_BAD_ARGUMENT);
  changed = run.gradients;
  changed.input = run.d_input.data();  // tokens have no gradient
  CHECK(rondo_backward(plan.get(), &run.pass, &changed) == RONDO_BAD_ARGUMENT);
  changed = run.gradients;
  changed.output_stride = 5;
  CHECK(rondo_backward(plan.get(), &run.pass, &changed) == RONDO_BAD_ARGUMENT);
  CHECK(rondo_backward(plan.get(), &run.pass, nullptr) == RONDO_BAD_ARGUMENT);
  CHECK(rondo_backward(plan.get(), &run.pass, &run.gradients) == RONDO_OK);
}

void answers() {
  CHECK(rondo_abi_version() == RONDO_ABI_VERSION);
  CHECK(std::strlen(rondo_build_id()) > 0);
  CHECK(rondo_find_cell("lstm") >= 0 && rondo_find_cell("lstm") != rondo_find_cell("gru"));
  CHECK(rondo_find_cell("no such cell") == -1);
  CHECK(rondo_find_cell(nullptr) == -1);
  CHECK(std::strcmp(rondo_status_text(RONDO_OK), "ok") == 0);
  CHECK(std::strlen(rondo_status_text(77)) > 0);
  CHECK(rondo_forward(nullptr, nullptr) == RONDO_BAD_ARGUMENT);
  CHECK(rondo_multiply(nullptr) == RONDO_BAD_ARGUMENT);
  CHECK(rondo_cache_bytes(nullptr, 1, 1) == -1);
  const Plan plan = make_plan<float>({.T = 1, .B = 1, .I = 1, .H = 1});
  CHECK(rondo_cache_bytes(plan.get(), 0, 1) == -1);
  CHECK(rondo_cache_bytes(plan.get(), INT64_MAX, INT64_MAX) == -1);
  CHECK(rondo_cache_bytes(plan.get(), INT32_MAX, INT32_MAX) == -1);
}

}  // namespace

int main() {
  answers();
  plans();
  groups_of_units();
  connections();
  passes();
  gradients();
  return report("abi");
}
