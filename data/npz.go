package data

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io"
	"slices"
	"strings"
)

func isZip(head []byte) bool {
	return bytes.HasPrefix(head, []byte("PK\x03\x04")) || bytes.HasPrefix(head, []byte("PK\x05\x06"))
}

// zipMember returns the member of an .npz file that was asked for. Its declared size is not believed.
func (f *file) zipMember() (source, error) {
	z, err := zip.NewReader(f, f.size)
	if err != nil {
		return source{}, fmt.Errorf("damaged .npz file: %w", err)
	}
	if members := sparseMembers(z); members != nil && f.member == "" {
		return source{open: func() (io.Reader, error) { return openMember(members["data"]) }, size: -1, sparse: members}, nil
	}
	var names []string
	var found []*zip.File
	for _, m := range z.File {
		name := strings.TrimSuffix(m.Name, ".npy")
		names = append(names, name)
		if f.member == "" || f.member == name || f.member == m.Name {
			found = append(found, m)
		}
	}
	switch {
	case len(names) == 0:
		return source{}, fmt.Errorf("the .npz file has no members")
	case len(found) == 0:
		return source{}, fmt.Errorf("no member %q, the .npz file holds %s", f.member, list(names))
	case len(found) > 1 && f.member == "" && !slices.ContainsFunc(found, isArray):
		return source{}, zipError(names)
	case len(found) > 1 && f.member == "":
		return source{}, fmt.Errorf("the .npz file holds %s; name one as FILE#NAME", list(names))
	case len(found) > 1:
		return source{}, fmt.Errorf("the .npz file holds %d members named %q", len(found), f.member)
	}
	return source{open: func() (io.Reader, error) { return openMember(found[0]) }, size: -1}, nil
}

// zipError names the program whose files are zip files of such members, where it is known.
func zipError(names []string) error {
	has := func(what string) bool {
		return slices.ContainsFunc(names, func(name string) bool { return strings.Contains(name, what) })
	}
	of, wayOut := "", "unpack it, and give the file that was inside: unzip"
	switch {
	case has("xl/workbook"):
		of, wayOut = " of Excel (.xlsx)", `save it as .csv there, or by pandas.read_excel("x.xlsx").to_csv("x.csv", index=False)`
	case has("word/document"):
		of, wayOut = " of Word (.docx)", "copy the table to a spreadsheet, and save it as .csv"
	case has("content.xml"):
		of, wayOut = " of OpenDocument (.ods)", "save it as .csv there"
	case has("data.pkl"):
		of, wayOut = " of PyTorch (.pt)", `save the array as .npy: numpy.save("x.npy", torch.load("x.pt").numpy())`
	}
	return fmt.Errorf("found a zip file%s of %s, want .npz as numpy.savez writes it; %s", of, list(names), wayOut)
}

func isArray(m *zip.File) bool { return strings.HasSuffix(m.Name, ".npy") }

// list quotes names, at most eight of them.
func list(names []string) string {
	if more := len(names) - 8; more > 0 {
		return fmt.Sprintf("%q and %d more", names[:8], more)
	}
	return fmt.Sprintf("%q", names)
}

// member reads a member of a zip file and says in its errors that they come from there.
type member struct{ r io.Reader }

func openMember(m *zip.File) (io.Reader, error) {
	if m.Flags&1 != 0 {
		return nil, fmt.Errorf("member %q of the .npz file is encrypted", m.Name)
	}
	r, err := m.Open()
	if err != nil {
		return nil, fmt.Errorf("damaged .npz file: %w", err)
	}
	return member{r}, nil
}

func (m member) Read(p []byte) (int, error) {
	n, err := m.r.Read(p)
	if err != nil && err != io.EOF {
		err = fmt.Errorf("damaged .npz file: %w", err)
	}
	return n, err
}
