package web_test

import (
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/harmonium-rbm/harmonium/cmd/harmonium/internal/run"
	"github.com/harmonium-rbm/harmonium/lecture"
)

// A training is watched from its beginning, interrupted, killed and resumed under the page, and deleted.
func TestWatchTraining(t *testing.T) {
	b := openBrowser(t, 1200, 900)
	program, folder := buildCommand(t), t.TempDir()
	data, runs := filepath.Join(folder, "ising.npy"), filepath.Join(folder, "runs")
	if err := os.Mkdir(runs, 0o777); err != nil {
		t.Fatal(err)
	}
	ising := exec.Command(program, "data", "ising", "--L", "6", "--T", "2.5", "-n", "2000", "-q", "-o", data)
	if text, err := ising.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	url := serveCommand(t, program, runs)
	b.visit(url)
	b.until("there are no runs", "document.querySelector('main').innerText.includes('No runs yet')")

	train := func(args ...string) *exec.Cmd {
		c := exec.CommandContext(t.Context(), program, append([]string{"train", "-q", "-o", filepath.Join(runs, "ising")}, args...)...)
		c.Stderr = os.Stderr
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		return c
	}
	training := train(data, "--hidden", "40", "--epochs", "100000", "--every", "100", "--holdout", "0.1")
	b.until("the run appears", "document.querySelector('a[href=\"#/run/ising\"]') !== null")
	b.until("it is compared by itself", "document.querySelector('figure [role=img]').getAttribute('aria-label').includes('ising -')")
	do(b, chromedp.Click(`a[href="#/run/ising"]`))
	const update = `Number([...document.querySelectorAll('dl.figures div')].find((d) => d.innerText.startsWith('update'))
		?.lastChild.innerText.replaceAll(',', '') ?? 0)`
	b.until("the numbers come", update+" > 0")
	first := eval[float64](b, update)
	b.until("they go on", fmt.Sprintf("%s > %v", update, first+200))
	points := `document.querySelector('figure [role=img]').getAttribute('aria-label')`
	if label := eval[string](b, points); !strings.Contains(label, "validation data -") {
		t.Errorf("the first chart says %q", label)
	}
	b.until("a canvas is drawn on", `(() => {
		const c = document.querySelector('figure canvas');
		return c.getContext('2d').getImageData(0, 0, c.width, c.height).data.some((x) => x > 0);
	})()`)
	if err := training.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	_ = training.Wait() // it was interrupted, and has saved a checkpoint
	saved := eval[float64](b, update)
	training = train("--resume")
	b.until("the resumed run goes on", fmt.Sprintf("%s > %v", update, saved+200))
	if err := training.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = training.Wait() // it was killed
	killed := eval[float64](b, update)
	training = train("--resume")
	b.until("the run begun again from its checkpoint goes beyond", fmt.Sprintf("%s > %v", update, killed+200))
	b.until("it is said to run", `document.querySelector('dl.figures').innerText.includes('running')`)
	_ = training.Process.Kill() // it may have ended
	_ = training.Wait()
	b.quiet()
	if err := os.RemoveAll(filepath.Join(runs, "ising")); err != nil {
		t.Fatal(err)
	}
	b.until("the page says that the run is gone", `document.querySelector('main').innerText.includes('no such run')`)
	b.quiet()
}

// smallModel reads the parameters that the page shows.
func smallModel(b *browser) *lecture.Model {
	b.t.Helper()
	values := eval[map[string]float64](b, `Object.fromEntries([...document.querySelectorAll('[data-parameter]')].map((i) =>
		[i.dataset.parameter, i.valueAsNumber]))`)
	m, n := eval[int](b, "Number(document.querySelector('[name=m]').value)"), eval[int](b, "Number(document.querySelector('[name=n]').value)")
	model := &lecture.Model{W: make([][]float64, m), B: make([]float64, m), C: make([]float64, n)}
	for i := range m {
		model.B[i] = values[fmt.Sprintf("b %d", i+1)]
		model.W[i] = make([]float64, n)
		for j := range n {
			model.W[i][j] = values[fmt.Sprintf("w %d %d", i+1, j+1)]
			model.C[j] = values[fmt.Sprintf("c %d", j+1)]
		}
	}
	return model
}

// Every number of the small RBM is the lecture's.
func TestSmallRBM(t *testing.T) {
	b := openBrowser(t, 1200, 1400)
	b.visit(serve(t, t.TempDir()) + "/#/play")
	set := func(selector, value, event string) {
		t.Helper()
		eval[bool](b, fmt.Sprintf(`(() => {
			const e = document.querySelector(%q);
			e.value = %q;
			e.dispatchEvent(new Event(%q, {bubbles: true}));
			return true;
		})()`, selector, value, event))
	}
	set("[name=m]", "5", "change")
	set("[name=n]", "4", "change")
	for k := range 5 {
		for j := range 4 {
			set(fmt.Sprintf(`[data-parameter="w %d %d"]`, k+1, j+1), fmt.Sprint(float64((k*7+j*5)%11-5)/4), "input")
		}
		set(fmt.Sprintf(`[data-parameter="b %d"]`, k+1), fmt.Sprint(float64(k-2)/8), "input")
	}
	set(`[data-parameter="c 2"]`, "-0.75", "input")
	do(b, chromedp.Click(`[data-unit=v0]`))
	do(b, chromedp.Focus(`[data-unit=v3]`))
	do(b, chromedp.KeyEvent(" "))
	do(b, chromedp.Focus(`[data-unit=h1]`))
	do(b, chromedp.KeyEvent("\r"))
	check := func() {
		t.Helper()
		model := smallModel(b)
		v, h := make([]float64, len(model.B)), make([]float64, len(model.C))
		on := eval[map[string]bool](b, `Object.fromEntries([...document.querySelectorAll('.unit')].map((g) =>
			[g.dataset.unit, g.getAttribute('aria-checked') === 'true']))`)
		for i := range v {
			if on[fmt.Sprintf("v%d", i)] {
				v[i] = 1
			}
		}
		for j := range h {
			if on[fmt.Sprintf("h%d", j)] {
				h[j] = 1
			}
		}
		energy, free, logZ := model.Energy(v, h), model.FreeEnergy(v), model.LogZ()
		want := map[string]float64{
			"energy": energy, "free": free, "logZ": logZ, "pv": math.Exp(-free - logZ), "pvh": math.Exp(-energy - logZ),
		}
		for j, p := range model.HiddenProbs(v) {
			want[fmt.Sprintf("h%d", j)] = p
		}
		for i, p := range model.VisibleProbs(h) {
			want[fmt.Sprintf("v%d", i)] = p
		}
		shown := eval[map[string]string](b, `Object.fromEntries([...document.querySelectorAll('[data-value]')].map((e) =>
			[e.dataset.value, e.dataset.exact]))`)
		if len(shown) != len(want) {
			t.Errorf("%d numbers are shown, want %d", len(shown), len(want))
		}
		for name, x := range want {
			var got float64
			if _, err := fmt.Sscan(shown[name], &got); err != nil || math.Abs(got-x) > 1e-12*(1+math.Abs(x)) {
				t.Errorf("%s is shown as %s, exactly %v", name, shown[name], x)
			}
		}
	}
	check()
	eval[bool](b, "document.querySelector('.skip').click() ?? true")
	if !eval[bool](b, "location.hash === '#/play' && document.activeElement.id === 'main'") {
		t.Error("the skip link does not go to the content")
	}
	if eval[string](b, `['v3', 'h1'].map((unit) =>
		document.querySelector('[data-unit=' + unit + ']').getAttribute('aria-checked')).join('')`) != "truetrue" {
		t.Error("the keyboard does not toggle units")
	}
	for _, text := range []string{"Draw h given v", "Draw v given h", "Gibbs step"} {
		eval[bool](b, fmt.Sprintf(`[...document.querySelectorAll('button')].find((b) => b.textContent === %q).click() ?? true`, text))
		check()
	}

	eval[bool](b, `[...document.querySelectorAll('button')].find((b) => b.textContent === 'All parameters 0').click() ?? true`)
	check()
	set(`[data-parameter="w 1 1"]`, "2", "input")
	check()
	if w := smallModel(b).W[0][0]; w != 2 {
		t.Errorf("w 1 1 was set to 2 and is %v", w)
	}

	// The training: all three fall, and each is as far from the data as the lecture says.
	const kl = `Object.fromEntries([...document.querySelectorAll('[data-kl]')].map((e) =>
		[e.dataset.kl, Number(e.dataset.exact ?? e.textContent)]))`
	before := eval[map[string]float64](b, kl)
	eval[bool](b, `[...document.querySelectorAll('button')].find((b) => b.textContent === 'Train').click() ?? true`)
	b.until("600 updates are done", `Number(document.querySelector('[data-kl=updates]').textContent) >= 600`)
	eval[bool](b, `[...document.querySelectorAll('button')].find((b) => b.textContent === 'Pause').click() ?? true`)
	after := eval[map[string]float64](b, kl)
	trained := eval[[]struct {
		Name    string
		M, N    int
		W, B, C []float64
	}](b, `document.querySelector('section[aria-label=Training]').trained()`)
	if len(trained) != 3 {
		t.Fatalf("%d models are trained", len(trained))
	}
	for _, r := range trained {
		// Two blocks of three units, each on or off: four configurations, equally likely.
		rows := make([][]float64, 4)
		model := &lecture.Model{B: r.B, C: r.C}
		for i := range r.M {
			model.W = append(model.W, r.W[i*r.N:(i+1)*r.N])
			for k := range rows {
				rows[k] = append(rows[k], float64(k>>(i*2/r.M)&1))
			}
		}
		want := lecture.KL(lecture.Empirical(rows), model.Distribution())
		if got := after[r.Name]; math.Abs(got-want) > 1e-9 {
			t.Errorf("%s: KL is shown as %v, exactly %v", r.Name, got, want)
		}
		if !(after[r.Name] < before[r.Name]/2) {
			t.Errorf("%s: KL was %v and is %v", r.Name, before[r.Name], after[r.Name])
		}
	}
	b.quiet()
}

// variety makes runs of all kinds: whole, empty, broken and huge.
func variety(t *testing.T) (folder string) {
	t.Helper()
	folder = t.TempDir()
	makeRun(t, filepath.Join(folder, "whole"), 50)
	makeRun(t, filepath.Join(folder, "other"), 80)
	makeRun(t, filepath.Join(folder, "empty"), 0)
	makeRun(t, filepath.Join(folder, "broken"), 10)
	makeRun(t, filepath.Join(folder, "garbled"), 10)
	makeRun(t, filepath.Join(folder, "huge <b>&amp;"), 100_000)
	if err := os.Remove(filepath.Join(folder, "empty", run.ModelName)); err != nil {
		t.Fatal(err)
	}
	for path, text := range map[string]string{
		filepath.Join("broken", run.ConfigName):   "{",
		filepath.Join("broken", run.ModelName):    "x",
		filepath.Join("garbled", run.MetricsName): "\x00\xff\n{}\n",
	} {
		if err := os.WriteFile(filepath.Join(folder, path), []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	return folder
}

// Every view opens with every kind of run, on a small and on a large screen, without a complaint, and passes
// axe's accessibility checks in both themes.
func TestEveryView(t *testing.T) {
	if testing.Short() {
		t.Skip("a browser takes its time")
	}
	url := serve(t, variety(t))
	views := []string{"/#/runs", "/#/play", "/#/nonsense", "/#/run/nobody"}
	for _, id := range []string{"whole", "empty", "broken", "garbled", "huge%20%3Cb%3E%26amp%3B"} {
		for _, view := range []string{"run", "weights", "modes", "particles"} {
			views = append(views, "/#/"+view+"/"+id)
		}
	}
	for _, width := range []int{400, 3840} {
		b := openBrowser(t, width, 900)
		for _, view := range views {
			b.visit(url + view)
			b.until("it is connected", "document.getElementById('connection').textContent === 'live'")
			time.Sleep(300 * time.Millisecond) // for what is fetched
			b.accessible(view, width)
		}
		b.quiet()
		eval[bool](b, "document.querySelector('main').append(document.createElement('button')) ?? true")
		if n := eval[int](b, "axe.run().then((r) => r.violations.length)"); n != 1 {
			t.Errorf("a button without a name is %d violations, want one: does the check work?", n)
		}
	}
}

// accessible checks that a view is no wider than the screen, and passes axe's checks in both themes.
func (b *browser) accessible(view string, width int) {
	b.t.Helper()
	axe, err := os.ReadFile("testdata/axe.min.js")
	if err != nil {
		b.t.Fatal(err)
	}
	if wide := eval[int](b, "document.documentElement.scrollWidth"); wide > max(width, 500) {
		b.t.Errorf("%s is %d pixels wide on a screen of %d", view, wide, width)
	}
	eval[bool](b, string(axe)+"; true")
	for range 2 {
		eval[bool](b, "document.getElementById('theme').click() ?? true")
		for _, violation := range eval[[]string](b, `axe.run().then((r) => r.violations.map((v) =>
			v.id + ': ' + v.help + ' ' + v.nodes.slice(0, 3).map((n) => n.html.slice(0, 150)).join(' | ')))`) {
			b.t.Errorf("%s at %d pixels: %s", view, width, violation)
		}
	}
}

// With HARMONIUM_SCREENSHOTS=FOLDER the pictures of the documents are made (make screenshots).
func TestScreenshots(t *testing.T) {
	folder := os.Getenv("HARMONIUM_SCREENSHOTS")
	if folder == "" {
		t.Skip("HARMONIUM_SCREENSHOTS names no folder")
	}
	program, work := buildCommand(t), t.TempDir()
	command := func(args ...string) {
		t.Helper()
		c := exec.CommandContext(t.Context(), program, append(args, "-q")...)
		c.Dir = work
		if text, err := c.CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, text)
		}
	}
	command("data", "ising", "--L", "16", "--T", "2.4", "-n", "20000", "-o", "ising.npy")
	for _, steps := range []string{"1", "10"} {
		command("train", "ising.npy", "--hidden", "64", "--epochs", "20", "--batch", "100", "--steps", steps,
			"--holdout", "0.1", "-o", "ising-pcd-"+steps)
	}
	url := serveCommand(t, program, filepath.Join(work, "ising-pcd-1"), filepath.Join(work, "ising-pcd-10"))
	b := openBrowser(t, 1200, 1000)
	for name, view := range map[string]string{
		"serve-runs": "runs", "serve-run": "run/ising-pcd-10", "serve-weights": "weights/ising-pcd-10",
		"serve-modes":     "modes/ising-pcd-10",
		"serve-particles": "particles/ising-pcd-10", "serve-play": "play",
	} {
		b.visit(url + "#/" + view)
		if view == "play" {
			eval[bool](b, `[...document.querySelectorAll('button')].find((b) => b.textContent === 'Train').click() ?? true`)
			b.until("it has learned", `Number(document.querySelector('[data-kl=updates]').textContent) >= 1500`)
			eval[bool](b, `[...document.querySelectorAll('button')].find((b) => b.textContent === 'Pause').click() ?? true`)
			do(b, chromedp.EmulateViewport(1200, 1750))
		}
		if name == "serve-modes" {
			b.until("the modes are there", "document.querySelector('.modes li') !== null")
			do(b, chromedp.EmulateViewport(1200, 600))
		}
		time.Sleep(2 * time.Second)
		b.shoot(filepath.Join(folder, name+".png"))
		do(b, chromedp.EmulateViewport(1200, 1000))
	}
	b.quiet()
}

// The modes of a run come with bars for the shares of the model and of the data, without the page moving; another model
// is looked at when the button is pressed, by the keyboard.
func TestModesView(t *testing.T) {
	b := openBrowser(t, 1200, 900)
	dir := filepath.Join(t.TempDir(), "r")
	twoModes(t, dir)
	b.visit(serve(t, dir) + "/#/modes/r")
	b.until("the modes are there", `document.querySelectorAll('.modes li').length === 2`)
	const line = `document.querySelector('.words').innerText.replaceAll('\u00a0', ' ')`
	if got, want := eval[string](b, line), "2 modes: 83 %, 17 %. Of the training data 25 %, 75 %."; got != want {
		t.Errorf("the page says %q, want %q", got, want)
	}
	widths := eval[[]float64](b, `[...document.querySelectorAll('.modes .bar')].map((e) => Math.round(e.getBoundingClientRect().width /
		e.parentElement.getBoundingClientRect().width * 100))`)
	if want := []float64{100, 30, 20, 90}; !slices.Equal(widths, want) { // of the longest, 83 %
		t.Errorf("the bars are %v %% long, want %v", widths, want)
	}
	const ink = `[...document.querySelectorAll('.modes canvas')].map((c) =>
		c.getContext('2d').getImageData(0, 0, 4, 4).data.filter((_, i) => i % 4 < 3).reduce((a, b) => a + b, 0) / 48)`
	light := eval[[]float64](b, ink)
	eval[bool](b, "document.getElementById('theme').click() ?? true")
	if dark := eval[[]float64](b, ink); light[0] > 60 || light[1] < 220 || dark[0] < 200 || dark[1] > 60 {
		t.Errorf("the tiles are %v in light and %v in dark", light, dark)
	}
	eval[bool](b, "document.getElementById('theme').click() ?? true")
	if rows := eval[int](b, `document.querySelectorAll('details tbody tr').length`); rows != 2 {
		t.Errorf("the numbers have %d rows", rows)
	}
	if !eval[bool](b, `document.querySelector('.tools button').disabled`) {
		t.Error("the same model can be looked at again")
	}
	eval[bool](b, `(window.moved = 0, new PerformanceObserver((l) => l.getEntries().forEach((e) => { moved += e.value; }))
		.observe({type: 'layout-shift', buffered: true}), true)`)
	saveMagnet(t, dir, -0.8)
	b.until("it is told of", `!document.querySelector('.tools button').disabled`)
	do(b, chromedp.Focus(`.tools button`))
	do(b, chromedp.KeyEvent("\r"))
	b.until("the other model is shown", line+` === '2 modes: 83 %, 17 %. Of the training data 75 %, 25 %.'`)
	if moved := eval[float64](b, "moved"); moved > 0.01 {
		t.Errorf("the page moves by %v", moved)
	}
	b.quiet()
}

// Of a run with a known state the fidelity is shown, and goes on as the run does; of another there is none.
func TestFidelityView(t *testing.T) {
	b := openBrowser(t, 1200, 900)
	dir := filepath.Join(t.TempDir(), "r")
	makeRun(t, dir, 2)
	b.visit(serve(t, dir) + "/#/run/r")
	const figures = `document.querySelector('dl.figures').innerText.replaceAll(/\s+/g, ' ')`
	b.until("the numbers are there", figures+".includes('log Z')")
	if text := eval[string](b, "document.querySelector('main').innerText"); strings.Contains(text, "idelity") {
		t.Errorf("a run without a known state shows %q", text)
	}
	for k, fidelity := range []float64{0.5, 0.75} {
		line := fmt.Sprintf(`{"update":%d,"epoch":%d,"seconds":1,"rate":0.01,"gradient_norm":1,"log_z":11,"log_z_stderr":0,"ess":null,`+
			`"train_ll":{"value":-9,"stderr":0.1,"method":"exact"},"valid_ll":null,"best":true,"fidelity":%g}`+"\n", k+2, k+2, fidelity)
		f, err := os.OpenFile(filepath.Join(dir, run.MetricsName), os.O_APPEND|os.O_WRONLY, 0)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.WriteString(line); err != nil {
			t.Fatal(err)
		}
		f.Close()
		b.until("the fidelity is there", fmt.Sprintf("%s.includes('fidelity %g ')", figures, fidelity))
	}
	const label = `[...document.querySelectorAll('figure')].find((f) => f.innerText.includes('Fidelity with the known state'))
		.querySelector('[role=img]').getAttribute('aria-label')`
	if text := eval[string](b, label); !strings.Contains(text, "0.75") {
		t.Errorf("the chart says %q", text)
	}
	b.quiet()
}

// The pairs of sites are chosen by the keyboard, framed in the map and said in words; logos have letters in their
// colours.
func TestSitesView(t *testing.T) {
	const width = 400
	b := openBrowser(t, width, 900)
	folder := t.TempDir()
	makeFamily(t, filepath.Join(folder, "family"), nil)
	makeRun(t, filepath.Join(folder, "bits"), 1)
	url := serve(t, folder)
	const link = `getComputedStyle(document.querySelector('nav a[href^="#/contacts/"]')).display !== 'none'`
	b.visit(url + "/#/run/bits")
	b.until("it is a run of bits", `document.querySelector('dl.figures').innerText.includes('update')`)
	if eval[bool](b, link) {
		t.Error("a run of bits has contacts")
	}
	b.visit(url + "/#/contacts/family")
	b.until("the contacts are there", `document.querySelectorAll('.pairs button').length === 3`)
	if !eval[bool](b, link) {
		t.Error("there is no link to contacts")
	}
	const label = `document.querySelector('.scroll canvas').getAttribute('aria-label')`
	const readout = `document.querySelector('.scroll + p').textContent`
	if got, want := eval[string](b, label), "Map of the scores of 6 sites; a frame is around 2 – 6: "; !strings.HasPrefix(got, want) {
		t.Errorf("the map says %q, want %q", got, want)
	}
	first := eval[string](b, readout)
	do(b, chromedp.Focus(`.pairs button`))
	do(b, chromedp.KeyEvent(kb.ArrowRight))
	b.until("another pair is chosen", readout+` !== '`+first+`'`)
	if !eval[bool](b, `document.activeElement === document.querySelectorAll('.pairs button')[1] &&
		document.activeElement.classList.contains('chosen') && document.querySelectorAll('.pairs [tabindex="0"]').length === 1`) {
		t.Error("the focus is not on the second pair alone")
	}
	if rows := eval[int](b, `document.querySelectorAll('details tbody tr').length`); rows != 3 {
		t.Errorf("the numbers have %d rows", rows)
	}
	b.accessible("contacts", width)

	inks := func(canvas string) map[string]int {
		t.Helper()
		return eval[map[string]int](b, `(() => {
			const c = document.querySelector('`+canvas+`');
			const data = c.getContext('2d').getImageData(0, 0, c.width, c.height).data;
			const counts = {};
			for (let i = 0; i < data.length; i += 4) {
				const colour = [0, 1, 2].map((k) => data[i + k].toString(16).padStart(2, '0')).join('');
				if (data[i + 3] === 255) counts[colour] = (counts[colour] ?? 0) + 1;
			}
			return counts;
		})()`)
	}
	const green, blue = "009e73", "0072b2" // A and C
	b.visit(url + "/#/weights/family")
	b.until("the logo is there", `document.querySelector('.wide .logo canvas') !== null`)
	if c := inks(".wide .logo canvas"); c[green] < 1000 || c[blue] < 1000 {
		t.Errorf("the logo of weights has %d pixels of A and %d of C", c[green], c[blue])
	}
	const tile = `document.querySelector('.tile.chosen').getAttribute('aria-label')`
	b.accessible("weights", width)
	want := ". Strongest are A at 2: +3, C at 2: −3, A at 6: −3, C at 6: +3, G at 3: +0.79"
	if got := eval[string](b, tile); !strings.Contains(got, want) {
		t.Errorf("the tile says %q, want %q", got, want)
	}
	b.visit(url + "/#/modes/family")
	b.until("the modes are there", `document.querySelectorAll('.modes .logo').length >= 2`)
	if c := inks(".modes .logo canvas"); c[green] < 500 || c[blue] < 500 {
		t.Errorf("the logo of a mode has %d pixels of A and %d of C", c[green], c[blue])
	}
	b.accessible("modes", width)
	states := eval[[]string](b, `[...document.querySelectorAll('.modes .states')].map((e) => e.textContent)`)
	for k, want := range []string{".A...C", ".C...A"} {
		if !slices.ContainsFunc(states, regexp.MustCompile(want).MatchString) {
			t.Errorf("no mode %d, %s, in %q", k+1, want, states)
		}
	}
	b.quiet()
}
