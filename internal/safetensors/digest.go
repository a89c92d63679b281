package safetensors

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
)

// digestKey is the metadata entry that holds a file's digest.
const digestKey = "sha256"

// Seal puts a digest into the metadata: the SHA-256, in hex, of the bytes that [Write] gives without that entry. It
// covers names, types, shapes, numbers and the other metadata, so that a file that was damaged says so when it is read.
func (f *File) Seal() {
	digest := f.digest()
	if f.Metadata == nil {
		f.Metadata = map[string]string{}
	}
	f.Metadata[digestKey] = digest
}

// Verify compares the digest with the contents. sealed is false where there is none: files of other programs carry
// none.
func (f *File) Verify() (sealed bool, err error) {
	want, sealed := f.Metadata[digestKey]
	if !sealed {
		return false, nil
	}
	return true, compareDigests(want, f.digest())
}

func compareDigests(want, got string) error {
	if got == want {
		return nil
	}
	return fmt.Errorf("damaged, or changed by another program: the contents have the sha256 %.12s…, the metadata says %.12s… "+
		"(a program that changes a file has to leave this entry out)", got, want)
}

func withoutDigest(metadata map[string]string) map[string]string {
	bare := maps.Clone(metadata)
	delete(bare, digestKey)
	return bare
}

// HasDigest reports whether there is a digest in the metadata.
func HasDigest(metadata map[string]string) bool {
	_, ok := metadata[digestKey]
	return ok
}

func (f *File) digest() string {
	bare := File{Metadata: withoutDigest(f.Metadata), Tensors: f.Tensors}
	hash := sha256.New()
	if err := Write(hash, &bare); err != nil {
		panic(fmt.Sprintf("safetensors: %v", err)) // a hash takes everything
	}
	return hex.EncodeToString(hash.Sum(nil))
}
