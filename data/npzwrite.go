package data

import (
	"archive/zip"
	"encoding/binary"
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"github.com/harmonium-rbm/harmonium/internal/atomicfile"
)

// Member is an array of an .npz file: numbers of a shape, or a single text where there are none.
type Member struct {
	Name    string
	Shape   []int
	Numbers []float32
	Text    string
}

// WriteNPZ writes arrays to an .npz file, atomically, as numpy.savez does. The same arrays give the same bytes.
func WriteNPZ(path string, members []Member) error {
	if err := CheckNPZName(path); err != nil {
		return err
	}
	return atomicfile.Write(path, func(w io.Writer) error {
		z := zip.NewWriter(w)
		for _, m := range members {
			f, err := z.CreateHeader(&zip.FileHeader{Name: m.Name + ".npy", Method: zip.Store})
			if err == nil {
				err = m.write(f)
			}
			if err != nil {
				return err
			}
		}
		return z.Close()
	})
}

// CheckNPZName returns the error that [WriteNPZ] would return for a name.
func CheckNPZName(path string) error {
	if strings.EqualFold(filepath.Ext(path), ".npz") {
		return nil
	}
	return fmt.Errorf("%s: unknown ending, want .npz", path)
}

func (m *Member) write(w io.Writer) error {
	if m.Numbers == nil {
		letters := []rune(m.Text)
		if err := npyHeadOf(w, fmt.Sprintf("<U%d", len(letters)), nil); err != nil {
			return err
		}
		return binary.Write(w, binary.LittleEndian, letters)
	}
	if err := npyHeadOf(w, "<f4", m.Shape); err != nil {
		return err
	}
	return binary.Write(w, binary.LittleEndian, m.Numbers)
}
