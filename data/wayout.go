package data

import "errors"

// The ways out of a refusal that options are, by which a program can name its own flag.
var (
	ErrNoNames     = errors.New("without names")                             // [WithoutNames], where the first line may be a row
	ErrDecimal     = errors.New("decimal comma")                             // [DecimalComma]
	ErrLeaveOut    = errors.New("leave it out")                              // Selection.Drop, or a schema
	ErrRowNames    = errors.New("names of rows")                             // Selection.RowNames, or leave it out
	ErrMissing     = errors.New("missing cells")                             // [Gaps]
	ErrCategories  = errors.New("as categories")                             // Selection.Categories, or a schema
	ErrRagged      = errors.New("rows of different lengths")                 // or lines above the names; comments begin with #
	ErrNewCategory = errors.New("a category that another file did not have") // a schema for that file lists the categories
	ErrUnphased    = errors.New("unphased")                                  // Selection.Genotypes
	ErrGenotypes   = errors.New("genotypes")                                 // Selection.Genotypes, of these alone
)

// refusal is an error whose way out an option is.
type refusal struct {
	error
	way error
}

func (r *refusal) Is(target error) bool { return target == r.way }
func (r *refusal) Unwrap() error        { return r.error }
