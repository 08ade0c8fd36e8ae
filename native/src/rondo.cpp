/*
 * The C ABI: checks what comes in, chooses the tier, and hands on. Nothing below it looks at an argument again.
 */
#include "rondo/rondo.h"

#include <algorithm>
#include <atomic>
#include <cstring>
#include <iterator>
#include <new>

#include "cell_list.h"
#include "cpu.h"
#include "plan.h"
#include "threads.h"

// ------------------------------------------------------------------------------------------------------------ tables

#define RONDO_DECLARE(cell) extern const CellFactory cell;
#define RONDO_TIER_OF(tier)                      \
  namespace rondo::tier {                        \
  RONDO_CELLS(RONDO_DECLARE)                     \
  extern const Activation activation_of_numbers; \
  extern const Multiplication multiplication;    \
  extern const SoftmaxLoss softmax_loss;         \
  extern const Squares sum_of_squares;           \
  extern const Symmetric symmetric_product;      \
  extern const Symmetric symmetric_update;       \
  extern const Update update_by_rule;            \
  }
RONDO_TIER_OF(baseline)
#ifdef RONDO_X86_TIERS
RONDO_TIER_OF(avx2)
RONDO_TIER_OF(avx512)
#endif

namespace {

using namespace rondo;

constexpr int tiers = 3;

struct CellEntry {
  const char* name;
  const CellFactory* factories[tiers];
};

#ifdef RONDO_X86_TIERS
#define RONDO_IN_TIERS(symbol) {&baseline::symbol, &avx2::symbol, &avx512::symbol}
#else
#define RONDO_IN_TIERS(symbol) {&baseline::symbol, nullptr, nullptr}
#endif

#define RONDO_ENTRY(cell) {#cell, RONDO_IN_TIERS(cell)},
constexpr CellEntry cells[] = {RONDO_CELLS(RONDO_ENTRY)};
constexpr const Activation* activations[tiers] = RONDO_IN_TIERS(activation_of_numbers);
constexpr const Multiplication* multiplications[tiers] = RONDO_IN_TIERS(multiplication);
constexpr const SoftmaxLoss* softmax_losses[tiers] = RONDO_IN_TIERS(softmax_loss);
constexpr const Squares* sums_of_squares[tiers] = RONDO_IN_TIERS(sum_of_squares);
constexpr const Symmetric* symmetric_products[tiers] = RONDO_IN_TIERS(symmetric_product);
constexpr const Symmetric* symmetric_updates[tiers] = RONDO_IN_TIERS(symmetric_update);
constexpr const Update* updates[tiers] = RONDO_IN_TIERS(update_by_rule);

std::atomic<void*> blas32, blas64;

// ------------------------------------------------------------------------------------------------------------ checks

/* Sizes and strides stay below this, so that sums and single products of them cannot overflow. */
constexpr int64_t largest_size = INT32_MAX;
constexpr int64_t most_threads = 1024;
constexpr int64_t largest_count = INT64_MAX / most_threads; /* of numbers that are one row */

bool in_range(int64_t value, int64_t low, int64_t high) { return low <= value && value <= high; }

bool is_size(int64_t value) { return in_range(value, 1, largest_size); }

bool is_precision(int64_t precision) { return precision == 32 || precision == 64; }

/* The tier to run for a cap, of which -1 is none. */
int32_t tier_below(int64_t cap) {
  const int32_t best = best_isa();
  return cap < 0 ? best : (int32_t)std::min<int64_t>(cap, best);
}

bool steps_are_valid(const rondo_plan& plan, const rondo_pass& pass) {
  const int64_t T = pass.time_steps, B = pass.batch_size;
  for (int64_t b = 0; b < B && pass.lengths; b++) {
    if (!in_range(pass.lengths[b], 0, T)) return false;
  }
  for (int64_t i = 0; i < T * B && pass.tokens; i++) {
    const bool present = !pass.lengths || i / B < pass.lengths[i % B];
    if (present && !in_range(pass.tokens[i], 0, plan.options.input_size - 1)) return false;
  }
  return true;
}

bool is_valid(const rondo_plan& plan, const rondo_pass& pass) {
  if (pass.size != (int64_t)sizeof(rondo_pass)) return false;
  if (!in_range(pass.time_steps, 1, plan.options.time_steps)) return false;
  if (!in_range(pass.batch_size, 1, plan.options.batch_size)) return false;
  if (!pass.params || !pass.dense_input == !pass.tokens) return false;
  if (pass.dense_input && !in_range(pass.input_stride, plan.options.input_size, largest_size)) return false;
  if (pass.output && !in_range(pass.output_stride, plan.plane_width[0], largest_size)) return false;
  const bool by_units = plan.holds_units && pass.hold_width == plan.options.hidden_size;
  if (pass.hold && pass.hold_width != 1 && !by_units) return false;
  const int64_t mask_size = pass.batch_size * plan.plane_width[0];
  if (pass.recurrent_mask && pass.mask_step != 0 && pass.mask_step != mask_size) return false;
  if ((uintptr_t)pass.cache % 64 != 0) return false;
  return steps_are_valid(plan, pass);
}

bool is_valid(const rondo_plan& plan, const rondo_pass& pass, const rondo_gradients& gradients) {
  if (gradients.size != (int64_t)sizeof(rondo_gradients) || !pass.cache) return false;
  if (gradients.output && !in_range(gradients.output_stride, plan.plane_width[0], largest_size)) return false;
  if (gradients.input && pass.tokens) return false;
  return !gradients.input || in_range(gradients.input_stride, plan.options.input_size, largest_size);
}

bool is_valid(const rondo_plan_options& options) {
  return options.size == (int64_t)sizeof(rondo_plan_options) && in_range(options.threads, 1, most_threads) &&
         in_range(options.isa, -1, tiers - 1) && is_size(options.time_steps) && is_size(options.batch_size) &&
         is_size(options.time_steps * options.batch_size) && is_size(options.input_size) &&
         is_size(options.hidden_size) && options.setting_count >= 0 && !options.settings == !options.setting_count;
}

bool groups_are_valid(const rondo_plan_options& options) {
  if (!in_range(options.groups, 1, options.hidden_size) || !options.group_sizes || !options.group_periods) return false;
  int64_t units = 0;
  for (int64_t g = 0; g < options.groups; g++) {
    if (!is_size(options.group_sizes[g]) || !is_size(options.group_periods[g])) return false;
    units += options.group_sizes[g];
  }
  return units == options.hidden_size;
}

bool connections_are_valid(const rondo_plan_options& options) {
  if (!is_size(options.connections) || !options.row_starts || !options.columns) return false;
  if (options.row_starts[0] != 0 || options.row_starts[options.hidden_size] != options.connections) return false;
  for (int64_t row = 0; row < options.hidden_size; row++) {
    if (options.row_starts[row] > options.row_starts[row + 1]) return false;
  }
  for (int64_t k = 0; k < options.connections; k++) {
    if (!in_range(options.columns[k], 0, options.hidden_size - 1)) return false;
  }
  return true;
}

/* An operand of `rows` x `columns` may be strided along rows or columns, but one of them is contiguous. */
bool is_matrix(const void* data, int64_t rows, int64_t columns, int64_t row, int64_t column) {
  if (!data) return false;
  return (column == 1 && in_range(row, columns, largest_size)) || (row == 1 && in_range(column, rows, largest_size));
}

/* What the descriptions of calls without a plan begin with. */
template <class Description>
bool has_valid_head(const Description& x) {
  return x.size == (int64_t)sizeof(Description) && in_range(x.threads, 1, most_threads) &&
         in_range(x.isa, -1, tiers - 1);
}

bool is_valid(const rondo_activation& x) {
  return has_valid_head(x) && in_range(x.function, RONDO_EXP, RONDO_TANH) && in_range(x.count, 1, largest_count) &&
         x.x && x.y;
}

bool is_valid(const rondo_product& x) {
  return has_valid_head(x) && is_size(x.m) && is_size(x.n) && is_size(x.k) &&
         is_matrix(x.a, x.m, x.k, x.a_row, x.a_column) && is_matrix(x.b, x.k, x.n, x.b_row, x.b_column) && x.c &&
         in_range(x.c_row, x.n, largest_size);
}

bool is_valid(const rondo_loss& x) {
  if (!has_valid_head(x) || !is_size(x.rows) || !is_size(x.classes)) return false;
  if (!x.outputs || !x.targets || !x.losses) return false;
  for (int64_t n = 0; n < x.rows; n++) {
    if (!in_range(x.targets[n], -1, x.classes - 1)) return false;
  }
  return true;
}

bool is_valid(const rondo_squares& x) {
  return has_valid_head(x) && in_range(x.count, 1, largest_count) && x.values;
}

bool is_valid(const rondo_symmetric& x, bool product) {
  if (!has_valid_head(x) || !is_size(x.groups) || !x.group_sizes || !is_size(x.m) || !x.p || !x.rows) return false;
  int64_t n = 0;
  for (int64_t g = 0; g < x.groups; g++) {
    if (!is_size(x.group_sizes[g])) return false;
    n += x.group_sizes[g];
  }
  return in_range(x.rows_row, n, largest_size) && !product == !x.product &&
         (!product || in_range(x.product_row, n, largest_size));
}

bool is_valid(const rondo_rule& x) {
  return has_valid_head(x) && in_range(x.count, 1, largest_count) && x.w && x.g;
}

/* A checked description's call on its tier. */
template <class Result, class Description>
Result run(const TierFunction<Result, Description>* const (&of_tier)[tiers], const Description& x) {
  const TierFunction<Result, Description>& tier = *of_tier[tier_below(x.isa)];
  return (x.precision == 32 ? tier.float32 : tier.float64)(x);
}

}  // namespace

// ------------------------------------------------------------------------------------------------------------- plans

rondo_plan::rondo_plan(const rondo_plan_options& options) : options(options) { hold_threads((int)options.threads); }

rondo_plan::~rondo_plan() { release_threads(); }

void* rondo_plan::operator new(size_t bytes) noexcept { return allocate_memory(bytes); }

void rondo_plan::operator delete(void* memory) noexcept { free_memory(memory); }

void* rondo::allocate_memory(size_t bytes) noexcept {
  return ::operator new(bytes, std::align_val_t{64}, std::nothrow);
}

void rondo::free_memory(void* memory) noexcept { ::operator delete(memory, std::align_val_t{64}); }

void* rondo::blas_product(int precision) noexcept {
  return (precision == 32 ? blas32 : blas64).load(std::memory_order_acquire);
}

// --------------------------------------------------------------------------------------------------------------- ABI

int32_t rondo_abi_version(void) { return RONDO_ABI_VERSION; }

const char* rondo_build_id(void) { return RONDO_BUILD_ID; }

const char* rondo_status_text(int32_t status) {
  switch (status) {
    case RONDO_OK: return "ok";
    case RONDO_BAD_ARGUMENT: return "bad argument";
    case RONDO_OUT_OF_MEMORY: return "out of memory";
    case RONDO_UNSUPPORTED: return "unsupported cell, variant or precision";
    case RONDO_INTERNAL: return "internal error";
    default: return "unknown status";
  }
}

int32_t rondo_isa(void) { return best_isa(); }

int32_t rondo_find_cell(const char* name) {
  for (int32_t i = 0; name && i < (int32_t)std::size(cells); i++) {
    if (strcmp(cells[i].name, name) == 0) return i;
  }
  return -1;
}

int32_t rondo_plan_create(const rondo_plan_options* options, rondo_plan** plan) {
  if (!plan) return RONDO_BAD_ARGUMENT;
  *plan = nullptr;
  if (!options || !is_valid(*options)) return RONDO_BAD_ARGUMENT;
  if (!in_range(options->cell, 0, (int64_t)std::size(cells) - 1) || !is_precision(options->precision)) {
    return RONDO_UNSUPPORTED;
  }
  rondo_plan_options resolved = *options;
  resolved.isa = tier_below(options->isa);
  const CellFactory& factory = *cells[options->cell].factories[resolved.isa];
  if (!factory.accepts(*options)) return RONDO_UNSUPPORTED;
  if (factory.has_groups ? !groups_are_valid(*options) : options->groups != 0) return RONDO_BAD_ARGUMENT;
  if (options->connections != 0 && !(factory.can_be_sparse && connections_are_valid(*options))) {
    return RONDO_BAD_ARGUMENT;
  }
  rondo_plan* made = options->precision == 32 ? factory.float32(resolved) : factory.float64(resolved);
  if (!made || !made->allocate()) {
    delete made;
    return RONDO_OUT_OF_MEMORY;
  }
  *plan = made;
  return RONDO_OK;
}

void rondo_plan_free(rondo_plan* plan) { delete plan; }

int32_t rondo_plan_isa(const rondo_plan* plan) { return plan ? (int32_t)plan->options.isa : -1; }

int64_t rondo_cache_bytes(const rondo_plan* plan, int64_t time_steps, int64_t batch_size) {
  if (!plan || !is_size(time_steps) || !is_size(batch_size)) return -1;
  return plan->cache_bytes(time_steps, batch_size);
}

int32_t rondo_forward(rondo_plan* plan, const rondo_pass* pass, ...) {
  if (!plan || !pass || !is_valid(*plan, *pass)) return RONDO_BAD_ARGUMENT;
  return thread_scratch() ? plan->forward(*pass) : RONDO_OUT_OF_MEMORY;
}

int32_t rondo_backward(rondo_plan* plan, const rondo_pass* pass, const rondo_gradients* gradients, ...) {
  if (!plan || !pass || !gradients || !is_valid(*plan, *pass) || !is_valid(*plan, *pass, *gradients)) {
    return RONDO_BAD_ARGUMENT;
  }
  return thread_scratch() ? plan->backward(*pass, *gradients) : RONDO_OUT_OF_MEMORY;
}

int32_t rondo_activate(const rondo_activation* activation, ...) {
  if (!activation || !is_valid(*activation)) return RONDO_BAD_ARGUMENT;
  if (!is_precision(activation->precision)) return RONDO_UNSUPPORTED;
  run(activations, *activation);
  return RONDO_OK;
}

int32_t rondo_multiply(const rondo_product* product, ...) {
  if (!product || !is_valid(*product)) return RONDO_BAD_ARGUMENT;
  if (!is_precision(product->precision)) return RONDO_UNSUPPORTED;
  if (!thread_scratch()) return RONDO_OUT_OF_MEMORY;
  run(multiplications, *product);
  return RONDO_OK;
}

int32_t rondo_softmax_loss(const rondo_loss* loss, ...) {
  if (!loss || !is_valid(*loss)) return RONDO_BAD_ARGUMENT;
  if (!is_precision(loss->precision)) return RONDO_UNSUPPORTED;
  run(softmax_losses, *loss);
  return RONDO_OK;
}

int32_t rondo_sum_squares(const rondo_squares* squares, double* sum, ...) {
  if (!squares || !sum || !is_valid(*squares)) return RONDO_BAD_ARGUMENT;
  if (!is_precision(squares->precision)) return RONDO_UNSUPPORTED;
  *sum = run(sums_of_squares, *squares);
  return RONDO_OK;
}

int32_t rondo_update(const rondo_rule* rule, ...) {
  if (!rule || !is_valid(*rule)) return RONDO_BAD_ARGUMENT;
  if (!is_precision(rule->precision)) return RONDO_UNSUPPORTED;
  run(updates, *rule);
  return RONDO_OK;
}

int32_t rondo_symmetric_product(const rondo_symmetric* symmetric, ...) {
  if (!symmetric || !is_valid(*symmetric, true)) return RONDO_BAD_ARGUMENT;
  if (!is_precision(symmetric->precision)) return RONDO_UNSUPPORTED;
  run(symmetric_products, *symmetric);
  return RONDO_OK;
}

int32_t rondo_symmetric_update(const rondo_symmetric* symmetric, ...) {
  if (!symmetric || !is_valid(*symmetric, false)) return RONDO_BAD_ARGUMENT;
  if (!is_precision(symmetric->precision)) return RONDO_UNSUPPORTED;
  run(symmetric_updates, *symmetric);
  return RONDO_OK;
}

void rondo_set_blas(void* cblas_sgemm, void* cblas_dgemm) {
  blas32.store(cblas_sgemm, std::memory_order_release);
  blas64.store(cblas_dgemm, std::memory_order_release);
}
