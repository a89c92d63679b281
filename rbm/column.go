package rbm

// Column is a column of a table that a visible layer stands for. A column of bits or real numbers is one unit; a
// categorical column is a site of as many units (bits) as it has categories.
//
// The units of a table are in the order of kinds: those of all columns of two values first, then those of all
// categorical columns, and then the real ones, each in the order of the table.
type Column struct {
	Name string `json:"name,omitempty"`
	Kind Kind   `json:"kind"` // Bernoulli, Spin, Categorical or Gaussian
	// Categories are the texts that the table has: of the states of a categorical column, or of 0 and 1.
	Categories []string `json:"categories,omitempty"`
	// Mean and Scale turn the numbers of real units into those of the table: number·Scale + Mean. Both zero: no change.
	Mean  float64 `json:"mean,omitempty"`
	Scale float64 `json:"scale,omitempty"`
}
