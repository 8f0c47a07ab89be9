package workflow

import (
	"errors"
	"fmt"

	"tasks/internal/fault"
)

// Class is the kind of a failure, by the names of the Symphony specification.
type Class string

// The classes.
const (
	Missing      Class = "missing_workflow_file"           // it is there and cannot be read
	ParseError   Class = "workflow_parse_error"            // its front matter, or a value of it
	NotAMap      Class = "workflow_front_matter_not_a_map" //
	Unsupported  Class = "unsupported_tracker_kind"        // a tracker other than markdown
	TemplateForm Class = "template_parse_error"            // the template is not of the form
	TemplateRun  Class = "template_render_error"           // unknown variable or filter, or too much
)

// problem is the cause in the errors of this room.
type problem struct {
	class Class
	err   error // what lies below, or nil
}

func (p *problem) Error() string { return string(p.class) }
func (p *problem) Unwrap() error { return p.err }

// ClassOf is the class of the error, "" where it has none.
func ClassOf(err error) Class {
	var p *problem
	if errors.As(err, &p) {
		return p.class
	}
	return ""
}

// fail makes an error whose words begin with the file, and hold the class.
func fail(class Class, file, format string, args ...any) *fault.Error {
	err := fmt.Errorf(format, args...)
	f := fault.New(fault.Invalid, "%s is refused: %v (%s)", file, err, class)
	f.Err = &problem{class, errors.Unwrap(err)}
	return f.WithHint("mend %s; see docs/manager.md", file)
}
