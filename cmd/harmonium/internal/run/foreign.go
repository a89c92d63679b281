package run

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

// withoutContent describes an error of encoding/json without a byte of the text: a file of the run may be a link to one
// that is nobody's business, and these errors are shown on the page.
func withoutContent(err error) error {
	if syntax, ok := errors.AsType[*json.SyntaxError](err); ok {
		return fmt.Errorf("no JSON, at byte %d", syntax.Offset)
	}
	if wrong, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		return fmt.Errorf("a value of another type than %v, at byte %d", wrong.Type, wrong.Offset)
	}
	if err != nil && strings.HasPrefix(err.Error(), "json: unknown field") {
		return errors.New("a field that is not known")
	}
	return err
}
