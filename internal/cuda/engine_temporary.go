package cuda

type Engine struct {
	device  *Device
	ascents ascents
	places  map[*float32]*Floats
}

func (d *Device) NewEngine() *Engine { return &Engine{device: d, places: map[*float32]*Floats{}} }

func (e *Engine) bound(x []float32) (*Floats, bool) {
	f, ok := e.places[&x[0]]
	return f, ok
}

func (e *Engine) Bind(x []float32) {
	f := e.device.NewFloats(len(x))
	f.Upload(x)
	e.places[&x[0]] = f
}

func (e *Engine) Fetch(x []float32) { e.places[&x[0]].Download(x) }
func (e *Engine) Err() error        { return e.device.Sync() }
