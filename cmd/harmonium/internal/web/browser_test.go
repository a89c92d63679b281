package web_test

import (
	"bufio"
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// browser is a page in a real Chromium. What the page complains about on its console fails the test.
type browser struct {
	t   *testing.T
	ctx context.Context

	mu       sync.Mutex
	troubles []string
}

// openBrowser starts a Chromium. Without one the test is skipped, but not in continuous integration.
func openBrowser(t *testing.T, width, height int) *browser {
	t.Helper()
	if testing.Short() {
		t.Skip("a browser takes its time")
	}
	path := ""
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if found, err := exec.LookPath(name); err == nil {
			path = found
			break
		}
	}
	if path == "" {
		if os.Getenv("CI") == "true" {
			t.Fatal("no Chromium: continuous integration must have one")
		}
		t.Skip("no Chromium here: the page was not tested in a browser")
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.WindowSize(width, height),
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true),
	)
	limited, cancelTime := context.WithTimeout(t.Context(), 2*time.Minute)
	allocator, cancelAllocator := chromedp.NewExecAllocator(limited, options...)
	ctx, cancel := chromedp.NewContext(allocator)
	t.Cleanup(func() {
		cancel()
		cancelAllocator()
		cancelTime()
	})
	b := &browser{t: t, ctx: ctx}
	do(b, chromedp.Navigate("about:blank"))
	messages := chromedp.Console(ctx)
	go func() {
		for m, err := range messages {
			if err != nil {
				return
			}
			if m.IsException() || m.Type == "error" || m.Type == "warning" {
				b.mu.Lock()
				b.troubles = append(b.troubles, m.String())
				b.mu.Unlock()
			}
		}
	}()
	return b
}

func do[T any](b *browser, action chromedp.Action[T]) T {
	b.t.Helper()
	v, err := chromedp.Run(b.ctx, action)
	if err != nil {
		b.t.Fatal(err)
	}
	return v
}

// eval runs JavaScript, waits for a promise, and returns its value.
func eval[T any](b *browser, script string) T {
	b.t.Helper()
	return do(b, chromedp.Evaluate[T](script, chromedp.EvalAwaitPromise))
}

// visit opens an address and waits for the heading of the view.
func (b *browser) visit(url string) {
	b.t.Helper()
	do(b, chromedp.Navigate("about:blank"))
	do(b, chromedp.Navigate(url))
	b.until("the page shows "+url, "document.querySelector('main h2') !== null")
}

// until waits for a condition, in JavaScript, to hold.
func (b *browser) until(what, script string) {
	b.t.Helper()
	deadline := time.Now().Add(40 * time.Second)
	for time.Now().Before(deadline) {
		if eval[bool](b, script) {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	b.t.Fatalf("it does not happen that %s; the page is %s", what,
		eval[string](b, "(document.querySelector('main')?.innerText ?? '').slice(0, 2000)"))
}

// quiet fails the test if the console has had anything to say.
func (b *browser) quiet() {
	b.t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, trouble := range b.troubles {
		b.t.Errorf("on the console: %s", trouble)
	}
	b.troubles = nil
}

// shoot writes a picture of the page.
func (b *browser) shoot(path string) {
	b.t.Helper()
	if err := os.WriteFile(path, do(b, chromedp.CaptureScreenshot()), 0o666); err != nil {
		b.t.Fatal(err)
	}
}

// buildCommand compiles the program.
func buildCommand(t *testing.T) string {
	t.Helper()
	program := filepath.Join(t.TempDir(), "harmonium")
	if text, err := exec.Command("go", "build", "-o", program, "../..").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	return program
}

// serveCommand runs `harmonium serve` until the test ends.
func serveCommand(t *testing.T, program string, paths ...string) (url string) {
	t.Helper()
	c := exec.CommandContext(t.Context(), program, append([]string{"serve", "--json", "--address", "127.0.0.1:0"}, paths...)...)
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Wait() }) // it was killed
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	var result struct{ URL string }
	if err := json.Unmarshal([]byte(line), &result); err != nil {
		t.Fatal(err)
	}
	return result.URL
}
