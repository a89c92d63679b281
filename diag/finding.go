package diag

// Finding is something that makes a result less than it seems: what was found, against which threshold, what
// follows, and what to do.
type Finding struct {
	Code        string `json:"code"` // stable, for programs
	Message     string `json:"message"`
	Value       Number `json:"value"`
	Threshold   Number `json:"threshold"`
	Consequence string `json:"consequence"`
	Remedy      string `json:"remedy"`
}
