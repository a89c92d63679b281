package data

import (
	"fmt"
	"regexp"
	"strings"
)

// dressedNumber is a number with a sign of money, percent, marks between thousands, or in single quotes.
var dressedNumber = regexp.MustCompile(`^'?[$€£¥]?\s?[-+]?(\d{1,3}([ ,.'’\x{a0}\x{202f}]\d{3})+|\d+)([.,]\d+)?\s?[%$€£¥]?'?$`)

// dressed reports whether all texts of a column are numbers, but some with signs that no number has here. They would be
// categories without an order.
func (p *profile) dressed() bool {
	some := false
	for _, text := range p.texts {
		if !isNumber(text) && !isMissing(text) {
			if !dressedNumber.MatchString(text) || text[0] == '0' && len(text) > 1 && strings.Trim(text, "0123456789") == "" {
				return false
			}
			some = true
		}
	}
	return some && len(p.texts) <= maxTexts
}

func (p *profile) refuseDressed() error {
	err := p.refuse(p.first.row-1, p.first.line, p.first.text,
		fmt.Sprintf("numbers without other signs, such as 1234.5, or a schema that says %s,categorical", quoteField(p.name)))
	return &refusal{err, ErrCategories}
}

// checkSeparator refuses a table of one column whose name and cells have as many of another separator, or are all in single
// quotes.
func (p *profile) checkSeparator(columns int) error {
	if p.column.Kind != "" {
		return nil
	}
	every := func(is func(text string) bool) bool {
		for _, text := range p.texts {
			if !is(text) {
				return false
			}
		}
		return is(p.name)
	}
	if every(func(text string) bool { return len(text) > 1 && text[0] == '\'' && text[len(text)-1] == '\'' }) {
		return fmt.Errorf("column %s is in single quotes, want double ones or none: tr -d \"'\" < OLD.csv > NEW.csv", p.name)
	}
	for _, separator := range []string{":", "^", "~"} {
		n := strings.Count(p.name, separator)
		if columns == 1 && n > 0 && every(func(text string) bool { return strings.Count(text, separator) == n }) {
			return fmt.Errorf("the only column, %s, and all its cells have %q %d times: if it separates columns, make commas of it "+
				"(tr '%s' , < OLD.csv > NEW.csv); else a schema says %s,categorical", p.name, separator, n, separator, quoteField(p.name))
		}
	}
	return nil
}
