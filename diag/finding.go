package diag

// Finding is something that makes a result less than it seems: what was found, against which threshold, what follows,
// and what to do. Packages that find something leave Remedy empty: it depends on who asked, and the command has a table
// of remedies by code.
type Finding struct {
	Code        string `json:"code"` // stable, for programs
	Message     string `json:"message"`
	Value       Number `json:"value"`
	Threshold   Number `json:"threshold"`
	Consequence string `json:"consequence"`
	Remedy      string `json:"remedy"`
}
