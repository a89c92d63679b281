package run

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
)

func FuzzConfig(f *testing.F) {
	c := Config{Format: configFormat, Version: configVersion, Data: Data{Train: []File{{Path: "x", Rows: 3, SHA256: "abc"}}}}
	text, err := json.Marshal(c)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(text)
	f.Add([]byte(`{"format":"harmonium-run","version":3,"data":{"train":[{}]},"training":{"negative":{"kind":"cd","steps":3}}}`))
	f.Add([]byte(`{"format":"harmonium-run","version":2,"data":{"train":[{}]},"training":{"seed":7,"negative":{"kind":"pt","steps":3}}}`))
	f.Add([]byte(`{"format":"harmonium-run","version":1,"train":[{}],"settings":{"negative":"pcd","optimizer":"adam","seconds":3}}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		c, err := parseConfig(text)
		if err != nil {
			return
		}
		if len(c.Train) == 0 {
			t.Error("a config without data is accepted")
		}
		if again, err := parseConfig(c.encode()); err != nil || again.edited {
			t.Errorf("what was written can't be read back: %v", err)
		}
	})
}

// Cutting back keeps whole lines up to an update, and what is kept can be read.
func FuzzMetrics(f *testing.F) {
	f.Add([]byte("{\"update\":1}\n{\"update\":2}\n{\"upd"), 1)
	f.Add([]byte("\n\nnull\n"), 5)
	f.Fuzz(func(t *testing.T, text []byte, update int) {
		r := &Run{Dir: t.TempDir()}
		path := filepath.Join(r.Dir, MetricsName)
		if err := os.WriteFile(path, text, 0o666); err != nil {
			t.Fatal(err)
		}
		r.Metrics()
		if _, err := r.cutMetrics(update, ""); err != nil {
			t.Fatal(err)
		}
		metrics, err := r.Metrics()
		if err != nil {
			t.Fatalf("cut back, but %v", err)
		}
		for _, m := range metrics {
			if m.Update > update {
				t.Errorf("update %d is kept, want at most %d", m.Update, update)
			}
		}
	})
}
