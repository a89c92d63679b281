package limit

import (
	"time"
	"unsafe"

	"golang.org/x/sys/cpu"
)

//go:generate go run -C ../kernel/_asm ./limit -out ../../limit/loops_amd64.s -stubs ../../limit/stubs_amd64.go -pkg limit

// Has reports whether this machine has loops of a width.
func Has(w Width) bool {
	x := &cpu.X86
	able := x.HasAVX2 && x.HasFMA && x.HasBMI2
	switch w {
	case Bits256:
		return able
	case Bits512:
		return able && x.HasAVX512F
	}
	return false
}

// FMA returns multiply-adds of float32 a second.
func FMA(w Width, d time.Duration) (perSecond float64, ok bool) {
	if !Has(w) {
		return 0, false
	}
	loop := fmaAVX2
	if w == Bits512 {
		loop = fmaAVX512
	}
	return rate(d, 10000, 12*float64(w)/32, loop), true
}

// Read returns bytes read a second, going over a stretch of the given size again and again.
func Read(w Width, size int, d time.Duration) (perSecond float64, ok bool) {
	if !Has(w) || size < 1<<10 {
		return 0, false
	}
	loop := readAVX2
	if w == Bits512 {
		loop = readAVX512
	}
	memory := aligned(size)
	turns := size / 512
	return rate(d, 1, float64(turns*512), func(int) { loop(&memory[0], turns) }), true
}

// LookUps returns table entries a second, where an entry is 64 bytes at a random place of a table of 2 KiB and twelve
// tables are in turn: two loads an entry with 256 bits, one with 512.
func LookUps(w Width, d time.Duration) (perSecond float64, ok bool) {
	if !Has(w) {
		return 0, false
	}
	loop := lookUpAVX2
	if w == Bits512 {
		loop = lookUpAVX512
	}
	tables, words := aligned(24<<10), make([]uint64, 1<<10)
	state := uint64(1)
	for i := range words {
		state = state*6364136223846793005 + 1442695040888963407 // Knuth, MMIX; the high bits are good enough to index tables
		words[i] = state ^ state>>32
	}
	return rate(d, len(words), 12, func(n int) { loop(&tables[0], &words[0], n) }), true
}

// aligned returns memory that begins at a page, every page of it its own.
func aligned(size int) []byte {
	const page = 4 << 10
	memory := make([]byte, size+page)
	shift := -uintptr(unsafe.Pointer(&memory[0])) & (page - 1)
	memory = memory[shift:][:size]
	for i := range memory {
		memory[i] = byte(i) // pages that were never written may all be one page of zeros
	}
	return memory
}
