/*
 * The C ABI of Rondo's native kernels: the whole of it.
 *
 * One call is one layer, one direction, one whole sequence. The library never calls back, never keeps a pointer of a
 * pass after the call, never prints, never exits, and no C++ exception crosses. It allocates only what a plan owns.
 *
 * Shapes: T time steps, B batch rows, I input width (or vocabulary size for token input), H hidden units, R
 * pre-activation rows of the cell, P_p width of state plane p. Matrices are row-major; sequences are time-major. All
 * strides are in elements. An element is a float or a double, by the plan's precision.
 *
 * Parameters of a pass, in this order without gaps:
 *   weight_ih  dense input [M, I]; token input [I, M] (token-major, so that a token's row is contiguous)
 *   weight_hh  [M, P_0]; of a cell with groups of units, of each group after the other, [k, H - s] with k units from
 *              unit s on: the states of its own units and of those after it; [M] where each unit is multiplied with
 *              its own state alone (IndRNN); [connections] where it is sparse (Reservoir); none for a cell that
 *              multiplies no state (minGRU, minLSTM); Jordan: on what feeds back, [H, O], or with Elman's feedback,
 *              behind it in each row, [H, O + H]
 *   bias       [R]; LSTM with layer norm: of what the gates take [M], of what the tanh of the cell takes [H]
 *   pointwise  [V], what the cell's pointwise part reads itself, if it does (LSTM: peepholes of i, f, o, [H] each; then
 *              with layer norm the gains of W_ih x [M], of W_hh h [M] and of the cell [H])
 *   weight_hr  [P_0, H], if the cell has a projection; Jordan: what feeds the last O pre-activation rows
 * M, the rows of the weights, is R unless the cell keeps rows of the two products apart (Jordan: M = H, R = H + O, for
 * the hidden units and the outputs, of which weight_hr feeds the latter with the former). The order of gates within M
 * and R belongs to the cell and is the canonical one (LSTM: i f g o, or i g o with coupled gates; GRU: r z n, with
 * reset after the product R = 4H rows r z nx nh, of which nx takes W_n x + b_n and nh takes R_n h + b_hn;
 * minGRU: z g; minLSTM: i f g).
 */
#ifndef RONDO_RONDO_H
#define RONDO_RONDO_H

#include <stdint.h>

#if defined(_WIN32)
#define RONDO_API __declspec(dllexport)
#else
#define RONDO_API __attribute__((visibility("default")))
#endif

#ifdef __cplusplus
extern "C" {
#endif

#define RONDO_ABI_VERSION 10
#define RONDO_MAX_PLANES 4

/* Status of every call that can fail. */
enum {
  RONDO_OK = 0,
  RONDO_BAD_ARGUMENT = 1, /* a size, pointer or struct version that the caller should never have passed */
  RONDO_OUT_OF_MEMORY = 2,
  RONDO_UNSUPPORTED = 3, /* a precision, cell or variant that this library does not have */
  RONDO_INTERNAL = 4
};

/* ISA tiers. A tier above what the CPU has is lowered to what it has. */
enum { RONDO_ISA_BASELINE = 0, RONDO_ISA_AVX2 = 1, RONDO_ISA_AVX512 = 2 };

typedef struct rondo_plan rondo_plan;

/* What a plan is made for. Sizes are the largest a pass of this plan may have; hidden_size and input_size are exact. */
typedef struct {
  int64_t size; /* sizeof(rondo_plan_options) */
  int64_t cell; /* from rondo_find_cell */
  int64_t precision; /* 32 or 64 */
  int64_t threads; /* shares of the work, at least 1; results do not depend on it, but where BLAS is set and used */
  int64_t isa; /* cap on the tier; -1 = the best of this CPU */
  int64_t time_steps, batch_size, input_size, hidden_size;
  int64_t variant; /* the cell's options as a number. Elman, Clockwork, IndRNN: 0 tanh, 1 ReLU, 2 sigmoid; GRU: reset 0
                      after, 1 before the product; LSTM: the sum of 1, 2, 4 for peepholes of i, f, o, 8 for coupled
                      gates (f = 1 - i, no rows of f and no peephole), 16 for a clip, 32 for a clip of the cell, 64 for
                      a projection, 128 for layer norm, where rows are W_ih x [M], W_hh h [M], what the gates take [M],
                      and what the tanh of the cell takes [H]; Jordan: the activation of the hidden units, as Elman's, 3
                      for a tanh of the output or 6 for a sigmoid, 9 for Elman's feedback, added up */
  int64_t groups; /* of units with a clock each, for Clockwork; others: 0 */
  const int64_t* group_sizes; /* [groups], at least 1 each, hidden_size in all; read by rondo_plan_create alone */
  const int64_t* group_periods; /* [groups], at least 1 each; the same */
  int64_t setting_count; /* LSTM: 4, Reservoir and Jordan: 2, others: 0 */
  const double* settings; /* LSTM: what activations take is clipped to [-settings[0], settings[0]], the new cell to
                             [-settings[1], settings[1]]; settings[2] is P_0 of a projection, settings[3] the epsilon of
                             layer norm, 0 without. Reservoir: leak and gain. Jordan: O = P_0, and what is left of the
                             context after a step, 0 to below 1: above 0 there is a context plane [O] behind the output;
                             last comes a plane of the hidden units [H] with Elman's feedback. Read by rondo_plan_create
                             alone */
  int64_t connections; /* Reservoir: weights of a sparse weight_hh, at least 1; 0 = it is [H, H], as of all others */
  const int64_t* row_starts; /* [hidden_size + 1]: weights from row_starts[r] to before row_starts[r + 1] feed row r */
  const int32_t* columns; /* [connections] the states that they multiply; both read by rondo_plan_create alone */
} rondo_plan_options;

enum {
  RONDO_REVERSED = 1, /* time runs from each row's last valid step down to 0 */
  RONDO_PARAMS_UNCHANGED = 2 /* params hold what they held at this plan's last call: packed weights may be reused */
};

/*
 * One forward pass, and the same struct again for its backward pass. Absent parts are NULL.
 * At step (t, b): t >= lengths[b] -> state untouched, output zero. Else where hold is set the state is kept and the
 * output repeats it. State planes are in the cell's order; plane 0 is what the output shows.
 */
typedef struct {
  int64_t size; /* sizeof(rondo_pass) */
  int64_t time_steps, batch_size;
  int64_t flags;
  int64_t time_origin; /* absolute time of step 0, for cells with a clock: a group of units moves at step t if its
                          period divides time_origin + t, in a reversed pass too, and is held else */
  const void* params;
  const void* dense_input; /* [T, B, I]; distance between consecutive (t, b) rows = input_stride; rows beyond a length
                              or held as a whole may be anything, even not-a-number */
  int64_t input_stride;
  const int32_t* tokens; /* [T, B], each in [0, I); exactly one of dense_input and tokens is given */
  const void* initial[RONDO_MAX_PLANES]; /* [B, P_p]; NULL = zero */
  void* last[RONDO_MAX_PLANES]; /* [B, P_p]; may be the memory of initial */
  void* output; /* [T, B, P_0]; distance between rows = output_stride; NULL = not wanted */
  int64_t output_stride;
  const int32_t* lengths; /* [B], each in [0, T]; NULL = all T */
  const uint8_t* hold; /* [T, B, hold_width]; non-zero = keep */
  int64_t hold_width; /* 1 (the whole row) or, but with a projection and Jordan, H (unit by unit) */
  const void* recurrent_mask; /* multiplies plane 0 of the old state where it enters the recurrent product: [B, P_0];
                                 nothing where that is not multiplied */
  int64_t mask_step; /* 0 = the same [B, P_0] at every step, B * P_0 = a mask of its own per step, which may be
                        anything for rows that take no step */
  void* cache; /* rondo_cache_bytes, 64-byte aligned; NULL = inference */
} rondo_pass;

/*
 * Gradients of one pass. Incoming ones (output, last) are read only; NULL = zero. Outgoing ones that are NULL are not
 * computed. Gradients at output beyond a row's length are ignored. Backward consumes the cache: one backward per
 * forward, of the same time_origin. It reads params, input, lengths, hold and recurrent_mask of the pass again, never
 * initial, last or output.
 */
typedef struct {
  int64_t size; /* sizeof(rondo_gradients) */
  const void* output; /* [T, B, P_0] */
  int64_t output_stride;
  const void* last[RONDO_MAX_PLANES]; /* [B, P_p] */
  void* params; /* accumulated, layout of the parameters */
  void* input; /* [T, B, I]; must be NULL for token input */
  int64_t input_stride;
  int64_t input_accumulate; /* 0 = assigned, 1 = added */
  void* initial[RONDO_MAX_PLANES]; /* [B, P_p], assigned; may be the memory of last */
  void* pre_activations; /* [T, B, R], assigned */
} rondo_gradients;

RONDO_API int32_t rondo_abi_version(void);
/* Hash of the sources this library was built from, as text. */
RONDO_API const char* rondo_build_id(void);
RONDO_API const char* rondo_status_text(int32_t status);
/* The best tier of this CPU that this library was built with. */
RONDO_API int32_t rondo_isa(void);
/* Addresses of cblas_sgemm and cblas_dgemm (single-threaded, thread-safe), or NULL for the library's own products. */
RONDO_API void rondo_set_blas(void* cblas_sgemm, void* cblas_dgemm);
/* Index of a cell by name ("lstm"), or -1. */
RONDO_API int32_t rondo_find_cell(const char* name);

RONDO_API int32_t rondo_plan_create(const rondo_plan_options* options, rondo_plan** plan);
RONDO_API void rondo_plan_free(rondo_plan* plan);
/* The tier this plan runs. */
RONDO_API int32_t rondo_plan_isa(const rondo_plan* plan);
/* Bytes of cache that backward needs for a pass of time_steps x batch_size; -1 on bad sizes. */
RONDO_API int64_t rondo_cache_bytes(const rondo_plan* plan, int64_t time_steps, int64_t batch_size);
/*
 * Further arguments of the functions with an ellipsis, pointers, are not looked at: the runtime of a managed language
 * keeps open during a call whatever it passes, and would not know of what stands in the structs.
 */
RONDO_API int32_t rondo_forward(rondo_plan* plan, const rondo_pass* pass, ...);
RONDO_API int32_t rondo_backward(rondo_plan* plan, const rondo_pass* pass, const rondo_gradients* gradients, ...);

/*
 * y_i = f(x_i), as cells and softmax compute it. Where the result is a normal number its relative error is at most
 * 2.5e-7 (float) or 1e-15 (double); not-a-number goes through, infinities give the limits.
 */
enum { RONDO_EXP = 0, RONDO_SIGMOID = 1, RONDO_TANH = 2 };
typedef struct {
  int64_t size; /* sizeof(rondo_activation) */
  int64_t precision, threads, isa;
  int64_t function;
  int64_t count;
  const void* x;
  void* y; /* may be x, but not overlap it in part */
} rondo_activation;
RONDO_API int32_t rondo_activate(const rondo_activation* activation, ...);

/* One matrix product for the dense head: C [m, n] = (accumulate ? C : 0) + op(A) [m, k] op(B) [k, n]. */
typedef struct {
  int64_t size; /* sizeof(rondo_product) */
  int64_t precision, threads, isa;
  int64_t m, n, k;
  const void* a; /* op(A)(i, p) = a[i * a_row + p * a_column]; one of the two strides is 1 */
  int64_t a_row, a_column;
  const void* b; /* op(B)(p, j) = b[p * b_row + j * b_column]; one of the two strides is 1 */
  int64_t b_row, b_column;
  void* c; /* [m, n], distance between rows = c_row */
  int64_t c_row;
  int64_t accumulate;
} rondo_product;
RONDO_API int32_t rondo_multiply(const rondo_product* product, ...);

/*
 * Symmetric matrices, one for each group of variables, that all lie one after the other: of each its lower half row by
 * row, so that element (i, j), j <= i, of a group is number i (i + 1) / 2 + j of its own. Together they are a matrix P
 * [n, n], n being the sum of all group sizes, which is zero between groups.
 *
 * rondo_symmetric_product:   G [m, n] = H [m, n] P
 * rondo_symmetric_update:    P = scale (P - V^T V) + shift I,   V [m, n]
 */
typedef struct {
  int64_t size; /* sizeof(rondo_symmetric) */
  int64_t precision, threads, isa;
  int64_t groups;
  const int64_t* group_sizes; /* [groups], each at least 1 */
  int64_t m;
  void* p;
  const void* rows; /* H or V, distance between rows = rows_row; shares no element with p */
  int64_t rows_row;
  void* product; /* G, distance between rows = product_row; assigned; NULL in an update */
  int64_t product_row;
  double scale, shift; /* of an update */
} rondo_symmetric;
RONDO_API int32_t rondo_symmetric_product(const rondo_symmetric* symmetric, ...);
RONDO_API int32_t rondo_symmetric_update(const rondo_symmetric* symmetric, ...);

/*
 * Softmax and cross-entropy of rows of outputs z [rows, classes], each with a class y: its loss
 * w_y (log(sum_c exp(z_c)) - z_y), and its gradient scale * w_y (exp(z_c) / sum exp(z) - [c = y]).
 * Rows of class -1 do not count: loss and gradient are zero, outputs may be anything.
 */
typedef struct {
  int64_t size; /* sizeof(rondo_loss) */
  int64_t precision, threads, isa;
  int64_t rows, classes;
  const void* outputs; /* [rows, classes] */
  const int32_t* targets; /* [rows], each in [-1, classes) */
  const double* class_weights; /* w [classes]; NULL = all 1 */
  double scale;
  double* losses; /* [rows], assigned */
  void* gradient; /* [rows, classes], assigned; no part of outputs; NULL = not wanted */
} rondo_loss;
RONDO_API int32_t rondo_softmax_loss(const rondo_loss* loss, ...);

/* The sum of squares of `count` numbers, taken in double; not finite if one of them is not. */
typedef struct {
  int64_t size; /* sizeof(rondo_squares) */
  int64_t precision, threads, isa;
  int64_t count;
  const void* values;
} rondo_squares;
RONDO_API int32_t rondo_sum_squares(const rondo_squares* squares, double* sum, ...);

/*
 * One update of `count` parameters w by their gradients g, each by itself, in double, the same bits at every tier:
 *   g = min(max(scale g, -bound), bound) + decay w
 *   m = mean_keep m + mean_gain g                  where there is an m; without, m is 0 below
 *   v = square_keep v + square_gain g^2            where there is a v; without, the divisor below is 1
 *   w = weight_keep w - (gradient_rate g + mean_rate m) / (sqrt(square_correction v) + epsilon)
 * which is plain gradient descent, momentum, RMSProp, Adagrad or Adam.
 */
typedef struct {
  int64_t size; /* sizeof(rondo_rule) */
  int64_t precision, threads, isa;
  int64_t count;
  void* w;
  const void* g;
  void* m; /* or NULL */
  void* v; /* or NULL */
  double scale, bound, decay;
  double weight_keep, gradient_rate, mean_keep, mean_gain, mean_rate;
  double square_keep, square_gain, square_correction, epsilon;
} rondo_rule;
RONDO_API int32_t rondo_update(const rondo_rule* rule, ...);

#ifdef __cplusplus
}
#endif
#endif
