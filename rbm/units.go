package rbm

import "fmt"

// Units is the kind of the units of a layer. To add a kind: one file, and a row in unitTable.
type Units uint8

const (
	Bernoulli Units = iota // values 0 and 1
	Spin                   // values −1 and +1
)

// unitTable holds, for each kind, its name in files and flags and the affine map value = scale·bit + offset.
var unitTable = [...]struct {
	name          string
	scale, offset float64
}{
	Bernoulli: {"bernoulli", 1, 0},
	Spin:      {"spin", 2, -1},
}

// String returns the name of the kind in model files and flags: "bernoulli" or "spin".
func (u Units) String() string {
	if int(u) >= len(unitTable) {
		return fmt.Sprintf("Units(%d)", uint8(u))
	}
	return unitTable[u].name
}

// ParseUnits is the inverse of [Units.String].
func ParseUnits(name string) (Units, error) {
	for u, row := range unitTable {
		if row.name == name {
			return Units(u), nil
		}
	}
	return 0, fmt.Errorf("unknown units %q, want bernoulli or spin", name)
}

// Scale and Offset are the affine map from a bit to the unit's value: value = Scale·bit + Offset.
func (u Units) Scale() float64 { return unitTable[u].scale }

// Offset is the value of a unit whose bit is 0.
func (u Units) Offset() float64 { return unitTable[u].offset }
