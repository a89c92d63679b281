// The kernels of package cuda. internal/kernel is their specification: every kernel gives the bits of the function there that its
// comment names. generate.go compiles this file to PTX.

#include "tensor.h"
#include "arithmetic.h"
#include "fixed.h"
#include "product.h"
#include "finish.h"
#include "rows.h"
#include "ascend.h"
#include "dense.h"
#include "enumerate.h"
#ifdef HOPPER
#include "hopper.h"
#endif
