package cuda

import "unsafe"

// Affine is [kernel.Engine.Affine].
func (e *Engine) Affine(dst, bias, w, x []float32, rows int) {
	defer e.begin()()
	const cols, blockRows = 128, 4 // of a block
	from, to := int32(len(x)/rows), int32(len(bias))
	b, weights, numbers, at := e.numbers(bias), e.numbers(w), e.numbers(x), e.fill(dst)
	for left := rows; left > 0; {
		count := int32(min(left, mostGridY*blockRows))
		e.launch("affine", blocks(len(bias), cols), blocks(int(count), blockRows), cols, unsafe.Pointer(&b), unsafe.Pointer(&weights),
			unsafe.Pointer(&numbers), unsafe.Pointer(&at), unsafe.Pointer(&count), unsafe.Pointer(&from), unsafe.Pointer(&to))
		left -= int(count)
		numbers += uintptr(4 * int(count) * int(from))
		at += uintptr(4 * int(count) * int(to))
	}
}

// mostGridY is the driver's bound on gridY of a launch; that on gridX is 2^31.
const mostGridY = 1<<16 - 1

// Gram is [kernel.Engine.Gram].
func (e *Engine) Gram(dst []float64, x []float32, rows int) {
	defer e.begin()()
	const pairs, parts = 32, 8
	n, count := int32(len(x)/rows), int32(rows)
	numbers, at := e.numbers(x), e.wanted(bytesOf(dst))
	e.launch("gram", blocks(rows, pairs), rows, pairs*parts, unsafe.Pointer(&numbers), unsafe.Pointer(&at), unsafe.Pointer(&count),
		unsafe.Pointer(&n))
}
